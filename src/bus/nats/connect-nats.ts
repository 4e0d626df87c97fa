import type { Bus } from "../../ports/bus.ts";
import type { EventStream } from "../../ports/event-stream.ts";
import type { Requester } from "../../ports/requester.ts";
import { Line } from "./line.ts";
import { NatsBus } from "./nats-bus.ts";
import { NatsEventStream } from "./nats-event-stream.ts";
import { DEFAULT_CLUSTER, type NatsOptions } from "./nats-options.ts";
import { NatsRequester } from "./nats-requester.ts";
import { Replies } from "./replies.ts";
import { internalSubjects } from "./subjects.ts";

/** One connection to NATS, and what Belfry does over it. It heals by itself until it is closed. */
export interface Nats {
  /** The network between the nodes, as the node of this id sees it. */
  bus(node: string): Bus;
  readonly eventStream: EventStream;
  readonly requester: Requester;
  /** Of the server that was reached last; undefined before the first. */
  readonly serverVersion: string | undefined;
  readonly status: "connected" | "disconnected" | "closed";
  /** Waits shortly for what was sent to leave. Never rejects. */
  close(): Promise<void>;
}

const PUBLISH_TIMEOUT_MS = 5_000;
const GOODBYE_MS = 1_000;

/** @throws NatsError see {@link import("./nats-error.ts").NatsErrorCode}; in the background only WRONG_OPTIONS. */
export async function connectNats(options: NatsOptions): Promise<Nats> {
  const { clock, log, cluster = DEFAULT_CLUSTER, events: settings = {}, timing = {} } = options;
  const subjects = internalSubjects(cluster);
  const line = await Line.open(options);
  const replies = new Replies(line, clock);
  const timeoutMs = timing.publishTimeoutMs ?? PUBLISH_TIMEOUT_MS;
  return {
    bus: (node) => new NatsBus({ line, node, subjects, clock, log }),
    eventStream: new NatsEventStream({ line, replies, cluster, settings, timeoutMs, clock, log }),
    requester: new NatsRequester(line, replies),
    get serverVersion() {
      return line.serverVersion;
    },
    get status() {
      if (line.closed) return "closed";
      return line.connected ? "connected" : "disconnected";
    },
    async close() {
      await line.flush(GOODBYE_MS);
      await line.close();
    },
  };
}
