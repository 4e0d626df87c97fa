import type { Clock } from "../ports/clock.ts";
import type { Ids } from "../ports/ids.ts";
import type { Log } from "../ports/log.ts";
import type { ActorStateStore } from "../ports/store/actor-states.ts";
import type { ApprovalStore } from "../ports/store/approvals.ts";
import type { QueryStore } from "../ports/store/queries.ts";
import type { Runtime } from "../runtime/index.ts";
import { createCallbackListener } from "./callbacks/callback-listener.ts";
import { createRequestListener } from "./connect/request-listener.ts";
import { EventHub } from "./events/event-hub.ts";
import { createGrpcLane } from "./grpc/grpc-lane.ts";
import type { WebhookEnvironment } from "./handlers/environment.ts";
import { DEFAULT_LIMITS, type ServerLimits } from "./limits.ts";
import { parseListenAddress } from "./net/listen-address.ts";
import { listen, type TlsOptions } from "./net/listener.ts";
import { allMethods } from "./services.ts";

export interface ServerOptions {
  /** `host:port`, e.g. `127.0.0.1:8980` or `[::]:8980`; port 0 takes a free one. */
  readonly listen: string;
  /** Unset: cleartext. */
  readonly tls?: TlsOptions | undefined;
  readonly runtime: Runtime;
  readonly queries: QueryStore;
  readonly actorStates: ActorStateStore;
  readonly approvals: ApprovalStore;
  readonly webhooks: WebhookEnvironment;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** Those left out are {@link DEFAULT_LIMITS}. */
  readonly limits?: Partial<ServerLimits>;
  /**
   * Aborts when the node starts to drain: health says NOT_SERVING, watches end with reason DRAINING, waiting polls are answered. Commands are
   * still taken, so that workers can hand in their results, until {@link RunningServer.close}.
   */
  readonly drainSignal?: AbortSignal;
}

export interface RunningServer {
  /** Where it listens, as `host:port`. */
  readonly address: string;
  /**
   * Takes no new calls, waits up to `graceMs` for those under way, then ends what is left: open Work streams hear DRAINING, connections are
   * cut. Resolves when nothing of the server is left. Called again, it waits for the first call.
   */
  close(graceMs: number): Promise<void>;
}

/** After the grace, streams are told to end, and have so long to do it. */
const LAST_WORDS_MS = 500;

/**
 * Serves the API on one port: gRPC, gRPC-Web and Connect, over HTTP/2 and HTTP/1.1.
 *
 * @throws RangeError when `listen` is no address; the system's error when it cannot be listened on.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { runtime, queries, actorStates, approvals, webhooks, clock, ids, log, drainSignal } = options;
  const limits: ServerLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const draining = new AbortController();
  const closing = new AbortController();
  const drain = (): void => draining.abort();
  if (drainSignal?.aborted) drain();
  else drainSignal?.addEventListener("abort", drain, { once: true });

  const hub = new EventHub({ runtime, queries, clock, log, pollMs: limits.eventPollMs, tapLimit: limits.watchBuffer });
  const methods = allMethods({
    runtime,
    queries,
    actorStates,
    approvals,
    webhooks,
    clock,
    ids,
    log,
    limits,
    hub,
    draining: draining.signal,
    closing: closing.signal,
  });
  const callbacks = createCallbackListener({ workers: runtime.workers, limits, ids, log });
  const onRequest = createRequestListener({ methods, callbacks, readMaxBytes: limits.readMaxBytes, log });
  const listener = await listen({
    ...parseListenAddress(options.listen),
    tls: options.tls,
    onRequest,
    grpc: createGrpcLane({ methods, readMaxBytes: limits.readMaxBytes, clock, log }),
    limits,
    clock,
    log,
  });

  const shutDown = async (graceMs: number): Promise<void> => {
    drainSignal?.removeEventListener("abort", drain);
    drain();
    const ended = listener.drain();
    await within(clock, graceMs, ended);
    closing.abort();
    await within(clock, LAST_WORDS_MS, ended);
    listener.destroy();
    await ended;
  };
  let closed: Promise<void> | undefined;
  return {
    address: listener.address,
    close: (graceMs) => (closed ??= shutDown(graceMs)),
  };
}

/** Waits for `work`, but no longer than `ms`. */
async function within(clock: Clock, ms: number, work: Promise<void>): Promise<void> {
  const enough = new AbortController();
  const limit = clock.sleep(ms, enough.signal).catch(() => {});
  await Promise.race([work, limit]);
  enough.abort();
}
