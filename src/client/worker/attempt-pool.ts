import { create } from "@bufbuild/protobuf";
import type { JsonObject } from "@bufbuild/protobuf";
import { CompleteInstanceRequestSchema } from "../../gen/belfry/v1/worker_service_pb.ts";
import type { FailInstanceRequest, WorkAssignment } from "../../gen/belfry/v1/worker_service_pb.ts";
import type { BelfryClient } from "../client.ts";
import type { AbortKind } from "./attempt-aborted.ts";
import { errorWords, failure, failureOf } from "./failure.ts";
import { handlerContext } from "./handler-context.ts";
import type { HandlerContext } from "./handler-context.ts";
import { plainObject } from "./json.ts";
import { isCompletion } from "./outbox.ts";
import type { Report } from "./outbox.ts";
import { RunningAttempt } from "./running-attempt.ts";
import type { WorkerEvent } from "./worker-event.ts";
import type { WorkerLog } from "./worker-log.ts";
import type { ErrorOrigin, Handler, HandlerResult } from "./worker-options.ts";

export interface PoolOptions<Payload, Result extends HandlerResult> {
  readonly client: BelfryClient;
  readonly concurrency: number;
  readonly handler: Handler<Payload, Result>;
  readonly parsePayload: (payload: JsonObject) => Payload;
  readonly log: WorkerLog;
  readonly onError: (error: unknown, origin: ErrorOrigin) => void;
  readonly observe: ((event: WorkerEvent) => void) | undefined;
  /** An attempt has something to tell. */
  readonly told: (run: RunningAttempt) => void;
  /** An attempt is over; without a report when nobody wants its result. */
  readonly ended: (run: RunningAttempt, report: Report | undefined) => void;
}

/**
 * The attempts that this worker has. At most `concurrency` handlers run; what a server gives out beyond that waits here, and
 * is kept alive meanwhile like the others.
 */
export class AttemptPool<Payload, Result extends HandlerResult> {
  readonly #options: PoolOptions<Payload, Result>;
  readonly #runs = new Map<string, RunningAttempt>();
  readonly #waiting: RunningAttempt[] = [];
  #active = 0;

  constructor(options: PoolOptions<Payload, Result>) {
    this.#options = options;
  }

  /** Attempts that have not ended. */
  get size(): number {
    return this.#runs.size;
  }

  get runs(): Iterable<RunningAttempt> {
    return this.#runs.values();
  }

  get(token: string): RunningAttempt | undefined {
    return this.#runs.get(token);
  }

  /** Tokens of the attempts whose results the server still wants. */
  wantedTokens(): string[] {
    return [...this.#runs.values()].filter((run) => run.wantsSigns).map((run) => run.token);
  }

  /** Undefined when it is here already, or is no assignment at all. */
  accept({ instance, attempt }: WorkAssignment, now: number): RunningAttempt | undefined {
    if (!instance || !attempt || this.#runs.has(attempt.token)) return undefined;
    const run = new RunningAttempt(attempt.token, instance, attempt, now);
    this.#runs.set(run.token, run);
    if (this.#active < this.#options.concurrency) this.#begin(run);
    else this.#waiting.push(run);
    return run;
  }

  abort(run: RunningAttempt, kind: AbortKind): void {
    if (run.abortion?.kind === kind || (run.abortion && kind !== "STALE")) return;
    run.abort(kind);
    this.#options.observe?.({ kind: "aborted", ...names(run), reason: kind });
    const place = this.#waiting.indexOf(run);
    if (place < 0) return;
    // It has not begun: nobody needs to be asked to stop.
    this.#waiting.splice(place, 1);
    this.#end(run, failed(run, run.abortion));
  }

  abortAll(kind: AbortKind): void {
    for (const run of this.#runs.values()) this.abort(run, kind);
  }

  /** Ends all attempts that were asked to stop and did not, without waiting for their handlers. */
  giveUp(): void {
    for (const run of this.#runs.values()) {
      if (!run.abortion) continue;
      this.#options.log.warn("A handler did not heed its signal and was given up", names(run));
      this.#end(run, failed(run, run.abortion));
    }
  }

  #begin(run: RunningAttempt): void {
    this.#active += 1;
    void this.#execute(run);
  }

  async #execute(run: RunningAttempt): Promise<void> {
    const outcome = await this.#outcome(run);
    this.#active -= 1;
    if (!run.over) this.#end(run, outcome);
    const next = this.#waiting.shift();
    if (next) this.#begin(next);
  }

  /** What came of it; undefined when nobody wants to know. */
  async #outcome(run: RunningAttempt): Promise<Report | undefined> {
    this.#options.observe?.({ kind: "started", ...names(run) });
    let context: HandlerContext<Payload>;
    try {
      context = handlerContext(run, this.#options);
    } catch (error) {
      this.#tell(run, error);
      return invalid(run, "INVALID_PAYLOAD", error);
    }
    let result: Result;
    try {
      result = await this.#options.handler(context);
    } catch (error) {
      // That it stopped when it was asked to is no news.
      if (error !== run.abortion) this.#tell(run, error);
      return failed(run, error);
    }
    try {
      return completed(run, result);
    } catch (error) {
      this.#tell(run, error);
      return invalid(run, "INVALID_RESULT", error);
    }
  }

  #tell(run: RunningAttempt, error: unknown): void {
    this.#options.log.warn("A handler failed", { ...names(run), error });
    this.#options.onError(error, { kind: "handler", ...names(run) });
  }

  #end(run: RunningAttempt, report: Report | undefined): void {
    run.over = true;
    this.#runs.delete(run.token);
    const outcome = !report ? "dropped" : isCompletion(report.result) ? "completed" : "failed";
    this.#options.observe?.({ kind: "finished", ...names(run), outcome });
    this.#options.ended(run, report);
  }
}

/** How logs, hooks and errors name an attempt. */
export function names(run: RunningAttempt): { readonly instanceId: string; readonly attempt: number } {
  return { instanceId: run.instance.id, attempt: run.attempt.number };
}

/** @throws TypeError when JSON cannot hold the result. */
function completed(run: RunningAttempt, returned: HandlerResult): Report | undefined {
  if (!run.wantsSigns) return undefined;
  // A handler without a result is the common case of short work.
  const result = returned === undefined ? undefined : plainObject(returned, "The result of a handler");
  const message = create(CompleteInstanceRequestSchema, { attemptToken: run.token, result: result?.value });
  return reportOf(run, message, result?.bytes ?? 0);
}

function failed(run: RunningAttempt, error: unknown): Report | undefined {
  if (!run.wantsSigns) return undefined;
  return failureReport(run, failureOf(run.token, error, run.abortion));
}

/** For an attempt that every further one would repeat. */
function invalid(run: RunningAttempt, code: string, error: unknown): Report | undefined {
  if (!run.wantsSigns) return undefined;
  return failureReport(run, failure(run.token, { ...errorWords(error), code, retryable: false }));
}

export function failureReport(run: RunningAttempt, message: FailInstanceRequest): Report {
  return reportOf(run, message, (message.error?.message.length ?? 0) + (message.error?.traceback.length ?? 0));
}

function reportOf(run: RunningAttempt, result: Report["result"], bytes: number): Report {
  return { run, result, bytes, sign: run.hasUnsent ? run.lastSign() : undefined, refusals: 0 };
}
