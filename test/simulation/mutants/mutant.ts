import type { EventStream } from "../../../src/ports/event-stream.ts";
import type { Store } from "../../../src/ports/store/store.ts";
import type { WebhookClient } from "../../../src/ports/webhook-client.ts";
import type { ActorLogic } from "../../../src/runtime/actor-logic.ts";
import type { Life } from "../world/life.ts";
import type { Scheduler } from "../world/scheduler.ts";

/** A planted bug: something behind a port that does not do what the port says. Each part stands before the real one. */
export interface Mutant {
  /** What is wrong. */
  readonly name: string;
  /** The store itself, shared by all. */
  readonly store?: (store: Store) => Store;
  /** The store as one process reaches it, before the witness sees the call. */
  readonly line?: (store: Store, process: { readonly time: Scheduler; readonly life: Life }) => Store;
  /** How actors decide. */
  readonly actors?: (actors: ActorLogic) => ActorLogic;
  /** Receivers as one process reaches them. */
  readonly webhooks?: (client: WebhookClient) => WebhookClient;
  /** The stream as one process reaches it. */
  readonly stream?: (stream: EventStream) => EventStream;
}
