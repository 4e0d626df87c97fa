import type { ActorLogic } from "../actor-logic.ts";
import type { ExecutorCommands } from "../api.ts";
import type { Decisions } from "../decisions.ts";
import type { Journal } from "../journal.ts";
import type { Ownership } from "../ownership.ts";
import type { RuntimeDeps } from "../runtime-deps.ts";
import { ServedActors } from "../served/served-actors.ts";
import { Delivery } from "./delivery.ts";
import type { Destinations } from "./destination-kind.ts";
import { destinationKind } from "./destination-kind.ts";

/** The destinations of a node. */
export function destinationActors({
  node: { webhooks, store, clock, log, options },
  actors,
  decisions,
  ...rest
}: {
  readonly node: RuntimeDeps;
  readonly actors: ActorLogic;
  readonly ownership: Ownership;
  readonly journal: Journal;
  readonly decisions: Decisions;
  readonly workers: () => ExecutorCommands;
  readonly waitingFor: (queue: string) => number;
}): Destinations {
  const delivery = webhooks === undefined ? null : new Delivery(webhooks, clock);
  return new ServedActors({
    ...rest,
    kind: destinationKind(actors),
    clock,
    log,
    store: store.actorStates,
    call: delivery === null ? null : (assignment, { record }, signal) => delivery.deliver(assignment, record, signal),
    run: (decide) => decisions.run(decide),
    nodeId: options.nodeId,
    shardCount: options.shardCount,
  });
}
