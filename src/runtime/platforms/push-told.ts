import { createHash } from "node:crypto";
import type { Belief } from "../../domain/approval/push-facts.ts";
import type { PushStateRecord } from "../../domain/approval/records.ts";
import type { Operation } from "../../ports/platform/connector.ts";

/** Whether the platform was told with success all that these operations would tell it, and nothing else since. */
export function isTold(operations: readonly Operation[], states: readonly PushStateRecord[]): boolean {
  const beliefs = beliefsAfter(operations);
  const byId = new Map(states.map((state) => [state.thirdId, state]));
  return beliefs.size > 0 && [...beliefs].every(([thirdId, belief]) => holds(byId.get(thirdId), belief));
}

function holds(state: PushStateRecord | undefined, belief: Belief | null): boolean {
  if (state === undefined || state.pushId === "" || state.status !== (belief?.status ?? null)) {
    return false;
  }
  return belief === null || haveSamePeople(state, belief);
}

/** What is believed when all have succeeded, one after the other, by third id. */
export function beliefsAfter(operations: readonly Operation[]): ReadonlyMap<string, Belief | null> {
  return new Map(operations.flatMap(({ acknowledges }) => [...acknowledges]));
}

/** In whatever order. */
export function haveSamePeople(
  state: Pick<PushStateRecord, "assignees"> | undefined,
  belief: Pick<Belief, "assignees">,
): boolean {
  const [has, shall] = [new Set(state?.assignees), new Set(belief.assignees)];
  return has.size === shall.size && [...shall].every((number) => has.has(number));
}

/** The same for every attempt of one operation of a push, and for no other. */
export function idempotencyKey(pushId: string, kind: string, thirdId: string): string {
  return createHash("sha256")
    .update(JSON.stringify([pushId, kind, thirdId]))
    .digest("hex");
}
