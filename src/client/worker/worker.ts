import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { JsonObject } from "@bufbuild/protobuf";
import { createBelfryClient, DEFAULT_RECONNECT } from "../client.ts";
import { systemTime } from "../time.ts";
import { QueueWorker } from "./queue-worker.ts";
import type { HandlerResult, WorkerOptions } from "./worker-options.ts";
import { silentLog } from "./worker-log.ts";

/** Takes instances of one queue and runs them until it is stopped. */
export interface Worker {
  readonly workerId: string;
  /** Attempts that it has now. */
  readonly running: number;
  /**
   * Begins. Resolves when a server has welcomed it (it goes on trying until one does) or it was stopped; rejects as `done` does.
   *
   * @throws Error when it was started before.
   */
  start(): Promise<void>;
  /**
   * Takes no more instances, waits for the running handlers, reports their results and closes; never rejects. Handlers that
   * still run after `graceMs` (default 30 s) are aborted with reason STOPPING; those that do not heed it within a second are
   * given up and reported with code WORKER_STOPPED, to be tried again elsewhere. A second call may shorten the grace.
   */
  stop(options?: StopOptions): Promise<void>;
  /**
   * Resolves when it has stopped. Rejects when it cannot work at all: the very first server refused it for good (wrong options,
   * no permission), or its client was closed.
   */
  readonly done: Promise<void>;
}

export interface StopOptions {
  /** How long running handlers may go on, in milliseconds; Infinity waits for all of them. Default 30 s. */
  readonly graceMs?: number;
}

const MAX_CONCURRENCY = 100_000;
const DEFAULT_CONCURRENCY = 10;
const DEFAULT_PROGRESS_INTERVAL_MS = 200;

/**
 * @throws RangeError when `concurrency` is not a whole number from 1 to 100,000.
 * @throws TypeError when `url` is no http or https URL, or the queue is empty.
 */
export function createWorker<Payload = JsonObject, Result extends HandlerResult = HandlerResult>(
  options: WorkerOptions<Payload, Result>,
): Worker {
  const concurrency = options.concurrency ?? DEFAULT_CONCURRENCY;
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > MAX_CONCURRENCY) {
    throw new RangeError(`concurrency must be a whole number from 1 to ${MAX_CONCURRENCY}, got ${concurrency}`);
  }
  if (options.queue === "") throw new TypeError("queue must name the queue that the worker takes instances from");
  const owned = options.client === undefined;
  const client = owned ? createBelfryClient(options.url, options.connection) : options.client;
  return new QueueWorker<Payload, Result>({
    client,
    closesClient: owned,
    queue: options.queue,
    workerId: options.workerId ?? `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`,
    concurrency,
    handler: options.handler,
    parsePayload: options.parsePayload ?? ((payload) => payload as Payload),
    log: options.log ?? silentLog,
    onError: options.onError,
    observe: options.observe,
    progressMs: options.progressIntervalMs ?? DEFAULT_PROGRESS_INTERVAL_MS,
    reconnect: { ...DEFAULT_RECONNECT, ...options.reconnect },
    time: options.time ?? systemTime,
    fraction: options.fraction ?? Math.random,
  });
}
