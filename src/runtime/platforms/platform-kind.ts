import { allowanceOf, nextLookOf } from "../../actors/platform/allowance.ts";
import type { PlatformEvent } from "../../actors/platform/events.ts";
import { platformOfQueue, pushQueue } from "../../domain/approval/platform-push.ts";
import type { PlatformRecord } from "../../domain/platform/platform.ts";
import { DEFAULT_PUSH_POLICY, newPlatform, platformOfState, stateOfPlatform } from "../../domain/platform/platform.ts";
import type { ActorLogic } from "../actor-logic.ts";
import type { ServedActors } from "../served/served-actors.ts";
import type { ServedKind } from "../served/served-kind.ts";
import type { ServedResident } from "../served/served-resident.ts";

export type Platforms = ServedActors<PlatformRecord, PlatformEvent>;
export type PlatformResident = ServedResident<PlatformRecord>;

/** A platform that was deleted, or never was, is one that is disabled: pushes that still wait for it are skipped, and say so. */
export function platformKind(actors: Pick<ActorLogic, "decidePlatform">): ServedKind<PlatformRecord, PlatformEvent> {
  return {
    kind: "platform",
    worker: "push",
    queueOf: pushQueue,
    idOfQueue: platformOfQueue,
    recordOf: (id, shard, state, at) =>
      state === null ? noPlatform(id, shard, at) : platformOfState(id, shard, state),
    stateOf: stateOfPlatform,
    isMadeByUse: false,
    decide: (record, event) => actors.decidePlatform(record, event),
    wakeAt: (at) => ({ type: "WAKE", at }),
    allowanceOf,
    nextLookOf,
    rateOf: ({ enabled, policy }) => (enabled ? policy.rate : null),
    shownState: ({ enabled, breaker }) => (enabled ? breaker.state : "DISABLED"),
  };
}

function noPlatform(id: string, shard: number, at: number): PlatformRecord {
  const nothing = { name: "", connector: "", settings: {}, standsFor: null, policy: DEFAULT_PUSH_POLICY };
  return newPlatform({ id, shard, at }, nothing);
}
