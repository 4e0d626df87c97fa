import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { JsonObject } from "@bufbuild/protobuf";
import { createBelfryClient, DEFAULT_RECONNECT } from "../client.ts";
import { systemTime } from "../time.ts";
import { QueueWorker } from "./queue-worker.ts";
import type { Worker } from "./running-worker.ts";
import type { HandlerResult, WorkerOptions } from "./worker-options.ts";
import { silentLog } from "./worker-log.ts";

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
