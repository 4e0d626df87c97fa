import type { JsonObject } from "@bufbuild/protobuf";
import type { Backoff } from "../backoff.ts";
import type { BelfryClient, BelfryClientOptions } from "../client.ts";
import type { ClientTime } from "../time.ts";
import type { HandlerContext } from "./handler-context.ts";
import type { WorkerEvent } from "./worker-event.ts";
import type { WorkerLog } from "./worker-log.ts";

/** What a handler may return: an object that JSON can hold, or nothing. */
export type HandlerResult = object | void;

/**
 * Does the work of one attempt. What it returns is the instance's result; what it throws ends the attempt as failed
 * (`RetryableError` and `NonRetryableError` choose the code, the delay, and whether it is tried again). It may run more than
 * once for one instance, so what it does to others should be repeatable: `context.instanceId` is a good idempotency key.
 */
export type Handler<Payload, Result extends HandlerResult> = (
  context: HandlerContext<Payload>,
) => Promise<Result> | Result;

/** Where the worker connects: by a URL over a connection of its own, or through a client that you have and close. */
export type WorkerEndpoint =
  | { readonly url: string; readonly connection?: BelfryClientOptions; readonly client?: undefined }
  | { readonly client: BelfryClient; readonly url?: undefined };

export interface WorkerSettings<Payload, Result extends HandlerResult> {
  /** The queue it takes instances from. */
  readonly queue: string;
  /** Its name in the API. Keep it over restarts if people shall know it. Default: host, process id and a random part. */
  readonly workerId?: string;
  /** How many handlers run at a time, 1 to 100,000. Default 10. */
  readonly concurrency?: number;
  readonly handler: Handler<Payload, Result>;
  /**
   * Turns the payload into what the handler expects, or throws: then the attempt fails with code INVALID_PAYLOAD, not to be
   * tried again. Default: it is taken as it is.
   */
  readonly parsePayload?: (payload: JsonObject) => Payload;
  /** Told of every error that a handler throws and of every broken connection. What it throws itself is logged. */
  readonly onError?: (error: unknown, origin: ErrorOrigin) => void;
  /** Default: none. */
  readonly log?: WorkerLog;
  /** Told of what the worker does, for metrics and tests. Must not throw. */
  readonly observe?: (event: WorkerEvent) => void;
  /** Progress and metadata of an attempt are sent at most this often; the last values win. Default 200 ms. */
  readonly progressIntervalMs?: number;
  /** How it connects again. Default: 100 ms doubling up to 10 s. */
  readonly reconnect?: Partial<Backoff>;
  /** For tests: the clock of all its timers. */
  readonly time?: ClientTime;
  /** For tests: where the jitter of delays comes from, as Math.random. */
  readonly fraction?: () => number;
}

export type WorkerOptions<Payload, Result extends HandlerResult> = WorkerEndpoint & WorkerSettings<Payload, Result>;

/** Where an error came from. */
export type ErrorOrigin =
  | { readonly kind: "handler"; readonly instanceId: string; readonly attempt: number }
  | { readonly kind: "connection" };
