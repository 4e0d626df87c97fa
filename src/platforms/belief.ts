/** What operations make a platform believe. */
import type { Operation } from "../ports/platform/connector.ts";

type Beliefs = Operation["acknowledges"];

/** @param assignees numbers. */
export function believed(thirdId: string, status: string, assignees: readonly string[]): Beliefs {
  return new Map([[thirdId, { status, assignees }]]);
}

export function forgotten(...thirdIds: readonly string[]): Beliefs {
  return new Map(thirdIds.map((id) => [id, null]));
}

/** By third id what is believed when all have succeeded, one after the other: a status, or null. */
export function statusesAfter(operations: readonly Operation[]): ReadonlyMap<string, string | null> {
  const statuses = new Map<string, string | null>();
  for (const { acknowledges } of operations) {
    for (const [id, belief] of acknowledges) {
      statuses.set(id, belief?.status ?? null);
    }
  }
  return statuses;
}

/** Whether the same people are named, in whatever order. */
export function areSame(some: readonly string[], others: readonly string[]): boolean {
  const named = new Set(others);
  return new Set(some).size === named.size && some.every((number) => named.has(number));
}
