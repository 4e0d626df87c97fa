/**
 * The TypeScript client of Belfry and its worker kit.
 *
 * ```ts
 * import { createBelfryClient, createWorker, RetryableError } from "belfry/client";
 * import type { HandlerContext } from "belfry/client";
 *
 * const url = "http://127.0.0.1:8980";
 *
 * // Someone defines what to run, and when …
 * const belfry = createBelfryClient(url);
 * await belfry.definitions.createDefinition({
 *   definition: {
 *     name: "watch-servers",
 *     userId: "user1",
 *     payload: { host: "a" },
 *     schedule: { timing: { case: "cron", value: { expressions: ["0 8 * * *"] } }, timeZone: "Asia/Shanghai" },
 *     action: { kind: { case: "worker", value: { queue: "agents" } } },
 *   },
 * });
 *
 * // … someone runs it …
 * const worker = createWorker({
 *   url,
 *   queue: "agents",
 *   concurrency: 20,
 *   handler: async ({ payload, attempt, signal, progress, checkpoint }: HandlerContext<{ host: string }>) => {
 *     const answer = await fetch(`https://${payload.host}/health`, { signal });
 *     if (answer.status === 429) throw new RetryableError("busy", { code: "BUSY", retryDelayMs: 5_000 });
 *     progress(50, "checked");
 *     await checkpoint(); // waits while the instance is paused, throws when it is cancelled
 *     return { ok: answer.ok, attempt };
 *   },
 * });
 * await worker.start();
 * process.once("SIGTERM", () => void worker.stop({ graceMs: 20_000 }));
 *
 * // … and someone watches.
 * for await (const { event, resumeToken } of belfry.watchEvents({ subjects: ["belfry.events.instance.>"] })) {
 *   console.log(event.type, event.subject, resumeToken);
 * }
 * ```
 *
 * A call that fails throws ConnectError; `belfryErrorOf(error).reason` says why, for programs.
 */
export { belfryErrorOf } from "./belfry-error.ts";
export type { BelfryErrorInfo, BelfryErrorReason, FieldViolation } from "./belfry-error.ts";
export type { Backoff } from "./backoff.ts";
export { LockLost } from "./locks/lock-lost.ts";
export { preventDuplicate } from "./locks/prevent-duplicate.ts";
export type { Skipped } from "./locks/prevent-duplicate.ts";
export { withLock } from "./locks/with-lock.ts";
export type { HeldLock, LockOptions } from "./locks/with-lock.ts";
export { createBelfryClient } from "./client.ts";
export type { BelfryClient, BelfryClientOptions } from "./client.ts";
export { getRetryOptions, retryDelayMs } from "./task-retry.ts";
export type { TaskRetryOptions } from "./task-retry.ts";
export type { CallHeaders, TlsOptions } from "./connection.ts";
export type { RetryOptions } from "./reliable-transport.ts";
export type { ClientTime, ClientTimer } from "./time.ts";
export type { WatchedEvent, WatchOptions } from "./watch-events.ts";
export { abortKindOf, AttemptAborted } from "./worker/attempt-aborted.ts";
export type { AbortKind } from "./worker/attempt-aborted.ts";
export { NonRetryableError, RetryableError } from "./worker/failure.ts";
export type { HandlerContext } from "./worker/handler-context.ts";
export { createWorker } from "./worker/worker.ts";
export type { StopOptions, Worker } from "./worker/running-worker.ts";
export type { WorkerEvent } from "./worker/worker-event.ts";
export type { WorkerLog } from "./worker/worker-log.ts";
export type {
  ErrorOrigin,
  Handler,
  HandlerResult,
  WorkerEndpoint,
  WorkerOptions,
  WorkerSettings,
} from "./worker/worker-options.ts";

// The messages and enums of the API.
export * from "../gen/belfry/v1/action_pb.ts";
export * from "../gen/belfry/v1/approval_pb.ts";
export * from "../gen/belfry/v1/cluster_pb.ts";
export * from "../gen/belfry/v1/cluster_service_pb.ts";
export * from "../gen/belfry/v1/config_pb.ts";
export * from "../gen/belfry/v1/config_service_pb.ts";
export * from "../gen/belfry/v1/definition_pb.ts";
export * from "../gen/belfry/v1/definition_service_pb.ts";
export * from "../gen/belfry/v1/dispatch_pb.ts";
export * from "../gen/belfry/v1/dispatch_service_pb.ts";
export * from "../gen/belfry/v1/error_reason_pb.ts";
export * from "../gen/belfry/v1/event_pb.ts";
export * from "../gen/belfry/v1/event_service_pb.ts";
export * from "../gen/belfry/v1/execution_pb.ts";
export * from "../gen/belfry/v1/execution_service_pb.ts";
export * from "../gen/belfry/v1/instance_pb.ts";
export * from "../gen/belfry/v1/instance_service_pb.ts";
export * from "../gen/belfry/v1/lock_pb.ts";
export * from "../gen/belfry/v1/lock_service_pb.ts";
export * from "../gen/belfry/v1/platform_pb.ts";
export * from "../gen/belfry/v1/platform_service_pb.ts";
export * from "../gen/belfry/v1/policy_pb.ts";
export * from "../gen/belfry/v1/push_pb.ts";
export * from "../gen/belfry/v1/push_service_pb.ts";
export * from "../gen/belfry/v1/schedule_pb.ts";
export * from "../gen/belfry/v1/work_item_service_pb.ts";
export * from "../gen/belfry/v1/worker_service_pb.ts";
