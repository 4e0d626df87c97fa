/** What platforms have acknowledged, as a push keeps it. */
import type { Acknowledged, Belief } from "../../../src/domain/approval/push-facts.ts";
import type { Operation } from "../../../src/ports/platform/connector.ts";

type Known = ReadonlyMap<string, Acknowledged>;

/** 李四, who has what a test does not name. */
const LI: readonly string[] = ["10086"];

/** Later ones were acknowledged later. A status alone is one that 李四 has. */
export function acknowledged(told: Readonly<Record<string, string | Belief>>): Known {
  return new Map(
    Object.entries(told).map(([id, belief], at) => [
      id,
      typeof belief === "string" ? { status: belief, assignees: LI, at } : { ...belief, at },
    ]),
  );
}

export function believing(
  thirdId: string,
  status: string,
  assignees: readonly string[] = LI,
): Operation["acknowledges"] {
  return new Map([[thirdId, { status, assignees }]]);
}

export function forgetting(...thirdIds: readonly string[]): Operation["acknowledges"] {
  return new Map(thirdIds.map((id) => [id, null]));
}

/** What is believed after these have succeeded, all in one push. */
export function after(known: Known, operations: readonly Operation[]): Known {
  const at = Math.max(0, ...[...known.values()].map((each) => each.at)) + 1;
  const later = new Map(known);
  for (const [id, belief] of operations.flatMap(({ acknowledges }) => [...acknowledges])) {
    // As a store does: it gives them in an order of its own.
    later.delete(id);
    if (belief !== null) later.set(id, { ...belief, at });
  }
  return new Map([...later].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/** The statuses that are believed in the end, by third id; null: nothing is. */
export function toldBy(operations: readonly Operation[]): ReadonlyMap<string, string | null> {
  const beliefs = operations.flatMap(({ acknowledges }) => [...acknowledges]);
  return new Map(beliefs.map(([id, belief]) => [id, belief?.status ?? null]));
}
