import { randomUUID } from "node:crypto";
import { createClient } from "@connectrpc/connect";
import type { Client } from "@connectrpc/connect";
import { ClusterService } from "../gen/belfry/v1/cluster_service_pb.ts";
import { ConfigService } from "../gen/belfry/v1/config_service_pb.ts";
import { DefinitionService } from "../gen/belfry/v1/definition_service_pb.ts";
import { DispatchService } from "../gen/belfry/v1/dispatch_service_pb.ts";
import { EventService } from "../gen/belfry/v1/event_service_pb.ts";
import { ExecutionService } from "../gen/belfry/v1/execution_service_pb.ts";
import { InstanceService } from "../gen/belfry/v1/instance_service_pb.ts";
import { LockService } from "../gen/belfry/v1/lock_service_pb.ts";
import { PlatformService } from "../gen/belfry/v1/platform_service_pb.ts";
import { PushService } from "../gen/belfry/v1/push_service_pb.ts";
import { WorkItemService } from "../gen/belfry/v1/work_item_service_pb.ts";
import { WorkerService } from "../gen/belfry/v1/worker_service_pb.ts";
import type { Backoff } from "./backoff.ts";
import { openConnection } from "./connection.ts";
import type { CallHeaders, TlsOptions } from "./connection.ts";
import { reliableTransport } from "./reliable-transport.ts";
import type { RetryOptions } from "./reliable-transport.ts";
import { systemTime } from "./time.ts";
import type { ClientTime } from "./time.ts";
import { watchEvents } from "./watch-events.ts";
import type { WatchedEvent, WatchOptions } from "./watch-events.ts";

export interface BelfryClientOptions {
  /** Deadline of a unary call that brings none (`timeoutMs` of a call; 0 there means none), repetitions included. Default 30 s. */
  readonly deadlineMs?: number;
  /**
   * How reads, commands and reports of an attempt are repeated after UNAVAILABLE, after RESOURCE_EXHAUSTED with a delay, and
   * after a broken connection. A delay that the server asks for wins. Default: 4 calls in all, 100 ms doubling up to 5 s.
   * False: every call is made once.
   */
  readonly retry?: Partial<RetryOptions> | false;
  /** How a watch connects again. Default: 100 ms doubling up to 10 s. */
  readonly reconnect?: Partial<Backoff>;
  /** Headers for every call, e.g. `authorization`. */
  readonly headers?: CallHeaders;
  /** Whether answers may come compressed: worth its work over slow lines only. Default false. */
  readonly compression?: boolean;
  /** For https URLs, what differs from the defaults of Node. */
  readonly tls?: TlsOptions;
  /** For tests: the clock of deadlines and delays. */
  readonly time?: ClientTime;
  /** For tests: where the jitter of delays comes from, as Math.random. */
  readonly fraction?: () => number;
}

/**
 * The API, typed, over one HTTP/2 connection that the first call opens. A failed call throws ConnectError; `belfryErrorOf`
 * reads its details. Commands get a `requestId` when they have none, so that repeating them is safe.
 */
export interface BelfryClient {
  readonly definitions: Client<typeof DefinitionService>;
  readonly instances: Client<typeof InstanceService>;
  readonly executions: Client<typeof ExecutionService>;
  readonly workers: Client<typeof WorkerService>;
  readonly dispatches: Client<typeof DispatchService>;
  readonly platforms: Client<typeof PlatformService>;
  readonly workItems: Client<typeof WorkItemService>;
  readonly pushes: Client<typeof PushService>;
  readonly configs: Client<typeof ConfigService>;
  readonly locks: Client<typeof LockService>;
  readonly events: Client<typeof EventService>;
  readonly cluster: Client<typeof ClusterService>;
  /** The events as one unbroken sequence, over any number of connections. */
  watchEvents(options?: WatchOptions): AsyncGenerator<WatchedEvent, void, undefined>;
  /** Whether {@link close} was called. */
  readonly closed: boolean;
  /** Ends the connection and all calls under way. A watch ends quietly; further calls fail with CANCELLED. */
  close(): void;
}

const DEFAULT_DEADLINE_MS = 30_000;
const DEFAULT_RETRY: RetryOptions = { maxAttempts: 4, initialMs: 100, factor: 2, maxMs: 5_000 };
export const DEFAULT_RECONNECT: Backoff = { initialMs: 100, factor: 2, maxMs: 10_000 };

/**
 * @param url where a node listens: `http://127.0.0.1:8980` (cleartext HTTP/2) or `https://…` (TLS).
 * @throws TypeError when `url` is no http or https URL.
 */
export function createBelfryClient(url: string, options: BelfryClientOptions = {}): BelfryClient {
  const time = options.time ?? systemTime;
  const fraction = options.fraction ?? Math.random;
  const connection = openConnection(url, {
    tls: options.tls,
    headers: options.headers,
    compression: options.compression ?? false,
  });
  const isClosed = (): boolean => connection.closed;
  const transport = reliableTransport(connection.transport, {
    deadlineMs: options.deadlineMs ?? DEFAULT_DEADLINE_MS,
    retry: options.retry !== false && { ...DEFAULT_RETRY, ...options.retry },
    time,
    fraction,
    newRequestId: randomUUID,
    isClosed,
  });
  const events = createClient(EventService, transport);
  return {
    definitions: createClient(DefinitionService, transport),
    instances: createClient(InstanceService, transport),
    executions: createClient(ExecutionService, transport),
    workers: createClient(WorkerService, transport),
    dispatches: createClient(DispatchService, transport),
    platforms: createClient(PlatformService, transport),
    workItems: createClient(WorkItemService, transport),
    pushes: createClient(PushService, transport),
    configs: createClient(ConfigService, transport),
    locks: createClient(LockService, transport),
    events,
    cluster: createClient(ClusterService, transport),
    watchEvents: (watch = {}) =>
      watchEvents(events, watch, {
        reconnect: { ...DEFAULT_RECONNECT, ...options.reconnect },
        time,
        fraction,
        isClosed,
      }),
    get closed() {
      return connection.closed;
    },
    close: () => {
      connection.close();
    },
  };
}
