import { allowanceOf, nextLookOf } from "../../actors/destination/allowance.ts";
import type { DestinationEvent } from "../../actors/destination/events.ts";
import type { DestinationRecord } from "../../domain/webhook/destination.ts";
import { destinationOfState, newDestination, stateOfDestination } from "../../domain/webhook/destination.ts";
import { destinationQueue, originOfQueue } from "../../domain/webhook/origin.ts";
import type { ActorLogic } from "../actor-logic.ts";
import type { ServedActors } from "../served/served-actors.ts";
import type { ServedKind } from "../served/served-kind.ts";
import type { ServedResident } from "../served/served-resident.ts";

export type Destinations = ServedActors<DestinationRecord, DestinationEvent>;
export type DestinationResident = ServedResident<DestinationRecord>;

export function destinationKind(
  actors: Pick<ActorLogic, "decideDestination">,
): ServedKind<DestinationRecord, DestinationEvent> {
  return {
    kind: "destination",
    worker: "webhook",
    queueOf: destinationQueue,
    idOfQueue: originOfQueue,
    recordOf: (origin, shard, state, at) =>
      state === null ? newDestination(origin, shard, at) : destinationOfState(origin, shard, state),
    stateOf: stateOfDestination,
    isMadeByUse: true,
    decide: (record, event) => actors.decideDestination(record, event),
    wakeAt: (at) => ({ type: "WAKE", at }),
    allowanceOf,
    nextLookOf,
    rateOf: ({ settings }) => settings.rate,
    shownState: ({ disabled, breaker }) => (disabled === null ? breaker.state : "DISABLED"),
  };
}
