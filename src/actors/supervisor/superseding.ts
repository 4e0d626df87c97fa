/** Making place for a newer instance with the same supersede key: what waits is called off, what runs goes on. */
import type { ExecutionError } from "../../domain/instance/instance.ts";
import { SUPERSEDED } from "../../domain/policy/keys.ts";
import type { SupervisorEffect } from "./effects.ts";
import type { Superseded } from "./events.ts";

export function superseding(
  instanceId: string,
  key: string,
  superseded: readonly Superseded[],
): readonly SupervisorEffect[] {
  return superseded.map((older) => ({
    kind: "replace",
    instanceId: older.instanceId,
    ...supersededBy(instanceId, key),
  }));
}

/** Why an instance ends whose place a newer one took. */
export function supersededBy(
  newerId: string,
  key: string,
): { readonly reason: string; readonly error: ExecutionError } {
  const message = `Instance ${newerId}, which is newer, has the supersede key "${key}" too, and took its place.`;
  return { reason: `superseded by ${newerId}`, error: { code: SUPERSEDED, message, traceback: "" } };
}
