/** What a node is made of. */
import type { ConfigEnvironment } from "../domain/config/resolve.ts";
import type { Bus } from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";
import type { EventStream } from "../ports/event-stream.ts";
import type { Ids } from "../ports/ids.ts";
import type { Log } from "../ports/log.ts";
import type { Connector } from "../ports/platform/connector.ts";
import type { Random } from "../ports/random.ts";
import type { Requester } from "../ports/requester.ts";
import type { ResultBackend } from "../ports/result-backend.ts";
import type { Store } from "../ports/store/store.ts";
import type { ActorLogic } from "./actor-logic.ts";
import type { DeliveryDeps } from "./destinations/delivery.ts";
import type { RuntimeOptions } from "./options.ts";

export interface RuntimeDeps {
  readonly store: Store;
  /** The node's place on the network; of a single node, one with nobody else on it. */
  readonly bus: Bus;
  /** Where status events are published; undefined: nowhere. */
  readonly eventStream?: EventStream;
  /** For the `nats` executor; undefined: its instances wait. */
  readonly requester?: Requester;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly log: Log;
  readonly options: RuntimeOptions;
  /** For webhooks and pushes; undefined: they wait. */
  readonly webhooks?: DeliveryDeps;
  /** By name (适配器). Left out: none, and so no platform can be made. */
  readonly connectors?: ReadonlyMap<string, Connector>;
  /** What Celery knows of its tasks. Left out: nothing is asked. */
  readonly resultBackend?: ResultBackend;
  /** What the environment says of configuration. Left out: nothing. */
  readonly configEnvironment?: ConfigEnvironment;
  /**
   * Whether this node sees to it that Belfry's own maintenance runs as configured. Left out: it does not, and runs what other nodes, or callers, trigger.
   */
  readonly maintenance?: boolean;
  /** How actors decide, unless a test wants to see what comes of a wrong decision. */
  readonly actors?: ActorLogic;
  /** The same for all nodes of one database, and only for them: others on the bus are not heard. */
  readonly realm?: string;
  /** What others are told of this node. */
  readonly about?: { readonly address: () => string; readonly version: string };
}
