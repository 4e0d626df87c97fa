/**
 * Keeps one Work stream open and what runs in this process in step with it.
 *
 * Q1. One stream at a time, whatever the number of attempts. What happens in one turn of the event loop goes in one message.
 * Q2. A result is repeated until its receipt (see Outbox); the server refuses what it knows, so nothing is recorded twice.
 * Q3. A broken stream does not touch the handlers. The next hello names the attempts that still run; those that the server
 *     calls stale are aborted, and nothing is reported for them.
 * Q4. While a stream is open every attempt that has not ended gives a sign of life within a third of its heartbeat timeout.
 * Q5. After stop() no instance is taken; it ends when every attempt has ended and every result has its receipt, or when the
 *     time for that is over. Then nothing is left: no stream, no timer.
 */
import { create } from "@bufbuild/protobuf";
import type { JsonObject } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { WorkRequestSchema } from "../../gen/belfry/v1/worker_service_pb.ts";
import type {
  WorkAssignment,
  WorkReceipt,
  WorkRequest,
  WorkResponse,
  WorkSignal,
  WorkWelcome,
} from "../../gen/belfry/v1/worker_service_pb.ts";
import { askedDelayMs, backoffDelayMs } from "../backoff.ts";
import type { Backoff } from "../backoff.ts";
import { belfryErrorOf } from "../belfry-error.ts";
import type { BelfryClient } from "../client.ts";
import { waited } from "../time.ts";
import type { ClientTime, ClientTimer } from "../time.ts";
import { AttemptPool, failureReport, names } from "./attempt-pool.ts";
import { Heartbeats } from "./heartbeats.ts";
import { Outbox } from "./outbox.ts";
import type { Report } from "./outbox.ts";
import { verdictOf } from "./receipt.ts";
import type { RunningAttempt } from "./running-attempt.ts";
import { Timers } from "./timers.ts";
import { WorkSession } from "./work-session.ts";
import type { WorkerEvent } from "./worker-event.ts";
import type { WorkerLog } from "./worker-log.ts";
import type { ErrorOrigin, Handler, HandlerResult } from "./worker-options.ts";
import type { StopOptions, Worker } from "./running-worker.ts";

export interface QueueWorkerOptions<Payload, Result extends HandlerResult> {
  readonly client: BelfryClient;
  /** The client is the worker's own and goes with it. */
  readonly closesClient: boolean;
  readonly queue: string;
  readonly workerId: string;
  readonly concurrency: number;
  readonly handler: Handler<Payload, Result>;
  readonly parsePayload: (payload: JsonObject) => Payload;
  readonly log: WorkerLog;
  readonly onError: ((error: unknown, origin: ErrorOrigin) => void) | undefined;
  readonly observe: ((event: WorkerEvent) => void) | undefined;
  readonly progressMs: number;
  readonly reconnect: Backoff;
  readonly time: ClientTime;
  readonly fraction: () => number;
}

const DEFAULT_GRACE_MS = 30_000;
/** How long an aborted handler may take to clean up while the worker stops. */
const ABORT_WITHIN_MS = 1_000;
/** How long the last results of a stopping worker may wait for their receipts, connecting again included. */
const REPORT_WITHIN_MS = 5_000;
/** How long a draining server may take to answer the results that it has. */
const DRAIN_WITHIN_MS = 5_000;

/** What no later try changes, when a server says so before any has ever welcomed this worker. */
const HOPELESS_CODES: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.Unauthenticated,
  Code.PermissionDenied,
  Code.Unimplemented,
]);

export class QueueWorker<Payload, Result extends HandlerResult> implements Worker {
  readonly #options: QueueWorkerOptions<Payload, Result>;
  readonly #pool: AttemptPool<Payload, Result>;
  readonly #outbox = new Outbox();
  readonly #heartbeats: Heartbeats;
  readonly #timers: Timers;
  readonly #started = Promise.withResolvers<void>();
  readonly #stopped = Promise.withResolvers<void>();
  #state: "idle" | "working" | "stopping" | "stopped" = "idle";
  #session: WorkSession | undefined;
  /** When the server of the open stream said welcome. */
  #welcomedAt: number | undefined;
  #everWelcomed = false;
  /** While the server of the open stream drains: when we end it at the latest. */
  #draining: ClientTimer | undefined;
  /** While no stream is open: ends the wait for the next. */
  #pause = new AbortController();
  #reportDeadline: ClientTimer | undefined;
  /** The time for the last reports is over. */
  #gaveUp = false;

  constructor(options: QueueWorkerOptions<Payload, Result>) {
    this.#options = options;
    this.#timers = new Timers(options.time);
    this.#heartbeats = new Heartbeats(options.time, this.#outbox, options.progressMs, () => this.#alive());
    this.#pool = new AttemptPool({
      ...options,
      onError: (error, origin) => {
        this.#tellError(error, origin);
      },
      told: (run) => {
        this.#heartbeats.told(run);
      },
      ended: (run, report) => {
        this.#ended(run, report);
      },
    });
    // Whoever listens to neither has the log and onError; a rejection that nobody handles must not end the process.
    this.#started.promise.catch(() => {});
    this.#stopped.promise.catch(() => {});
  }

  get workerId(): string {
    return this.#options.workerId;
  }

  get running(): number {
    return this.#pool.size;
  }

  get done(): Promise<void> {
    return this.#stopped.promise;
  }

  start(): Promise<void> {
    if (this.#state !== "idle") throw new Error("A worker can be started once; create another one");
    this.#state = "working";
    void this.#serve();
    return this.#started.promise;
  }

  stop({ graceMs = DEFAULT_GRACE_MS }: StopOptions = {}): Promise<void> {
    if (this.#state === "idle") this.#close();
    if (this.#state === "stopped") return Promise.resolve();
    if (this.#state === "working") {
      this.#state = "stopping";
      this.#options.log.info("The worker stops", { queue: this.#options.queue, running: this.#pool.size });
      this.#outbox.setSlots(0);
    }
    if (graceMs !== Infinity) {
      this.#timers.after(graceMs, () => {
        this.#pool.abortAll("STOPPING");
        this.#timers.after(ABORT_WITHIN_MS, () => {
          this.#pool.giveUp();
        });
      });
    }
    this.#finishIfDone();
    return this.#stopped.promise.catch(() => {});
  }

  /** One stream after the other, until the worker has stopped. */
  async #serve(): Promise<void> {
    const { client, time, reconnect } = this.#options;
    let failures = 0;
    while (!this.#isDone) {
      this.#welcomedAt = undefined;
      this.#session = new WorkSession(client.workers, this.#outbox, time);
      const error = await this.#session.run(this.#hello(), (response) => {
        this.#receive(response);
      });
      this.#session = undefined;
      this.#draining?.cancel();
      this.#draining = undefined;
      this.#heartbeats.end();
      this.#outbox.rewind();
      // Not so when an instance was given out just before the server saw that this worker takes no more.
      if (this.#isDone) break;

      if (error !== undefined && this.#isHopeless(error)) {
        this.#fail(error);
        return;
      }
      // A stream that lasted longer than any delay was a good one.
      if (this.#welcomedAt !== undefined && time.monotonic() - this.#welcomedAt >= reconnect.maxMs) failures = 0;
      // The last reports have little time: they are tried often.
      if (this.#reportDeadline) failures = 0;
      await this.#pauseAfter(error, failures);
      failures += 1;
    }
    this.#close();
  }

  async #pauseAfter(error: unknown, failures: number): Promise<void> {
    const { time, reconnect, fraction, log, queue } = this.#options;
    const retryAfterMs = error === undefined ? undefined : belfryErrorOf(error).retryAfterMs;
    const retryInMs =
      retryAfterMs === undefined ? backoffDelayMs(reconnect, failures, fraction) : askedDelayMs(retryAfterMs, fraction);
    log.warn("The stream to the server is over; connecting again", { queue, error, retryInMs });
    if (error !== undefined) this.#tellError(error, { kind: "connection" });
    this.#pause = new AbortController();
    const pause = waited(time, retryInMs, this.#pause.signal);
    this.#options.observe?.({ kind: "disconnected", error, retryInMs });
    await pause;
  }

  #hello(): WorkRequest {
    const now = this.#options.time.monotonic();
    for (const run of this.#pool.runs) {
      if (run.wantsSigns) this.#outbox.sign(run.signAnew(now));
    }
    const { queue, workerId, concurrency } = this.#options;
    return this.#outbox.take(
      create(WorkRequestSchema, {
        hello: { queue, workerId, running: this.#pool.wantedTokens() },
        slots: this.#state === "stopping" ? 0 : concurrency,
      }),
    );
  }

  #receive(response: WorkResponse): void {
    if (response.welcome) this.#onWelcome(response.welcome);
    for (const receipt of response.receipts) this.#onReceipt(receipt);
    if (response.assignments.length > 0) this.#onAssignments(response.assignments);
    for (const signal of response.signals) this.#onSignal(signal);
    if (response.draining && !this.#draining) this.#onDraining();
    if (this.#draining && this.#outbox.isAnswered) this.#session?.end();
    this.#finishIfDone();
  }

  #onWelcome(welcome: WorkWelcome): void {
    this.#welcomedAt = this.#options.time.monotonic();
    this.#everWelcomed = true;
    for (const token of welcome.stale) this.#onStale(token);
    this.#heartbeats.begin(welcome.heartbeatInterval ? durationMs(welcome.heartbeatInterval) : 0);
    this.#options.log.info("Connected", { queue: this.#options.queue, sessionId: welcome.sessionId });
    const resumed = this.#pool.wantedTokens().length;
    this.#options.observe?.({ kind: "connected", sessionId: welcome.sessionId, resumed });
    this.#started.resolve();
  }

  #onAssignments(assignments: readonly WorkAssignment[]): void {
    const now = this.#options.time.monotonic();
    for (const assignment of assignments) {
      // Given out twice, and the result is on its way.
      if (assignment.attempt && this.#outbox.has(assignment.attempt.token)) continue;
      const run = this.#pool.accept(assignment, now);
      if (run) this.#heartbeats.expect(run);
    }
  }

  #onSignal(signal: WorkSignal): void {
    if (signal.stale) {
      this.#onStale(signal.attemptToken);
      return;
    }
    const run = this.#pool.get(signal.attemptToken);
    if (!run) return;
    if (signal.pauseRequested) run.pause();
    else run.resume();
    if (signal.cancelRequested) this.#pool.abort(run, "CANCELLED");
  }

  #onStale(token: string): void {
    this.#outbox.drop(token);
    const run = this.#pool.get(token);
    if (run) this.#pool.abort(run, "STALE");
  }

  #onReceipt(receipt: WorkReceipt): void {
    const report = this.#outbox.acknowledged(receipt.attemptToken);
    if (!report) return;
    const { log, observe } = this.#options;
    const { accepted, reason, state } = receipt;
    const verdict = verdictOf(report, receipt);
    switch (verdict.kind) {
      case "recorded":
        break;
      case "dropped":
        log.debug("The server did not want a result", { ...names(report.run), reason });
        break;
      case "again":
        this.#reportLater(report);
        break;
      case "instead":
        log.error("The server refused a result", { ...names(report.run), reason });
        this.#outbox.report(failureReport(report.run, verdict.failure));
        break;
      case "refused":
        log.error("The server refused the report of an error; the attempt will time out", {
          ...names(report.run),
          reason,
        });
        break;
    }
    observe?.({ kind: "receipt", ...names(report.run), accepted, reason, state });
  }

  #onDraining(): void {
    this.#options.log.info("The server goes away; connecting again", { queue: this.#options.queue });
    this.#options.observe?.({ kind: "draining" });
    this.#draining = this.#timers.after(DRAIN_WITHIN_MS, () => {
      this.#session?.end();
    });
  }

  /** The server is well but cannot record it: it gets a moment, the attempt stays alive, and then it goes again. */
  #reportLater(report: Report): void {
    this.#outbox.hold(report);
    const { reconnect, fraction } = this.#options;
    this.#timers.after(backoffDelayMs(reconnect, report.refusals, fraction), () => {
      this.#outbox.release(report.run.token);
    });
    report.refusals += 1;
    this.#heartbeats.expect(report.run);
  }

  /** The attempts that have not ended for the server. */
  #alive(): Iterable<RunningAttempt> {
    const held = this.#outbox.heldRuns();
    return held.length === 0 ? this.#pool.runs : [...this.#pool.runs, ...held];
  }

  #ended(run: RunningAttempt, report: Report | undefined): void {
    if (report) this.#outbox.report(report);
    else this.#outbox.drop(run.token);
    this.#finishIfDone();
  }

  /** Q5 */
  get #isDone(): boolean {
    return this.#gaveUp || (this.#state === "stopping" && this.#pool.size === 0 && this.#outbox.isSettled);
  }

  #finishIfDone(): void {
    if (this.#state !== "stopping" || this.#pool.size > 0) return;
    if (this.#isDone) {
      this.#session?.end();
      this.#pause.abort();
      return;
    }
    if (this.#reportDeadline) return;
    this.#pause.abort();
    this.#reportDeadline = this.#timers.after(REPORT_WITHIN_MS, () => {
      this.#options.log.error("The worker stopped before the server answered all results", {
        queue: this.#options.queue,
        unanswered: this.#outbox.unsettled,
      });
      this.#gaveUp = true;
      this.#session?.cut();
      this.#pause.abort();
    });
  }

  #isHopeless(error: unknown): boolean {
    if (this.#options.client.closed) return true;
    return !this.#everWelcomed && HOPELESS_CODES.has(ConnectError.from(error).code);
  }

  #fail(error: unknown): void {
    this.#options.log.error("The worker cannot work", { queue: this.#options.queue, error });
    this.#options.observe?.({ kind: "disconnected", error, retryInMs: undefined });
    this.#tellError(error, { kind: "connection" });
    this.#pool.abortAll("STOPPING");
    this.#started.reject(error);
    this.#stopped.reject(error);
    this.#close();
  }

  #close(): void {
    this.#state = "stopped";
    this.#timers.cancelAll();
    if (this.#options.closesClient) this.#options.client.close();
    this.#started.resolve();
    this.#stopped.resolve();
  }

  #tellError(error: unknown, origin: ErrorOrigin): void {
    try {
      this.#options.onError?.(error, origin);
    } catch (thrown) {
      this.#options.log.error("onError threw", { error: thrown });
    }
  }
}
