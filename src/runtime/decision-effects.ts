/** What decisions leave to others, and what becomes of them. */
import type { InstanceEffect } from "../actors/instance/effects.ts";
import type { PlatformPush } from "../domain/approval/platform-push.ts";
import { pushMetadataOf, pushStateOf } from "../domain/approval/push-log.ts";
import type { BelfryError } from "../domain/error.ts";
import type { Announcement } from "../domain/event/status-event.ts";
import type { InstanceRecord } from "../domain/instance/instance.ts";
import { isFinal } from "../domain/instance/instance.ts";
import type { InstanceResident, SupervisorResident } from "./residents.ts";

/** What decisions need of queues and workers. */
export interface ExecutorPort {
  offer(resident: InstanceResident): void;
  withdraw(resident: InstanceResident): void;
  dispatch(resident: InstanceResident): void;
  signal(resident: InstanceResident, signal: Extract<InstanceEffect, { kind: "signal" }>): void;
  /** The attempt with this token is over: its slot is free. */
  release(token: string): void;
  /** Pairs what waits with free slots, when a run of decisions is over. */
  settle(): void;
}

/** What decisions leave to be done after them, by someone who may wait. */
export interface FollowUps {
  callOff(supervisor: SupervisorResident): void;
  /** An instance that is not in memory is to be let go by its supervisor. */
  releaseLater(supervisor: SupervisorResident, instanceId: string): void;
}

export type SupervisorOutcome =
  | { readonly kind: "done"; readonly spawned: InstanceResident | null }
  | { readonly kind: "existing"; readonly instanceId: string }
  | { readonly kind: "refused"; readonly error: BelfryError }
  /** The state does not allow it, or nothing was due. */
  | { readonly kind: "ignored" };

/** What is announced of an instance; of a push that has come to its end, under the name of what was pushed too. */
export function instanceEvents(
  { id, record }: InstanceResident,
  { name, data }: Extract<InstanceEffect, { kind: "announce" }>,
  at: number,
): readonly Announcement[] {
  const { spec, state, life } = record;
  const told = {
    state,
    ...(spec.definitionId === null ? {} : { definitionId: spec.definitionId }),
    ...(spec.businessId === "" ? {} : { businessId: spec.businessId }),
    ...data,
  };
  const own: Announcement = { resource: "instance", resourceId: id, name, at, data: told };
  return spec.action.kind === "push" && isFinal(state) ? [own, pushEvent(id, spec.action, { state, life }, at)] : [own];
}

function pushEvent(
  pushId: string,
  { platformId, sessionId, workItemId, action, origin }: PlatformPush,
  record: Pick<InstanceRecord, "state" | "life">,
  at: number,
): Announcement {
  const metadata = pushMetadataOf(record.life.metadata);
  return {
    resource: "push",
    resourceId: workItemId ?? sessionId,
    name: pushStateOf(record).toLowerCase(),
    at,
    data: {
      pushId,
      platformId,
      sessionId,
      ...(workItemId === null ? {} : { workItemId }),
      action,
      origin,
      ...(metadata === null ? {} : { thirdId: metadata.thirdId, result: metadata.result }),
    },
  };
}
