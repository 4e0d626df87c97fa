/**
 * One attempt that this node runs itself, from its assignment to the report of how it went. It behaves as a good worker does:
 *
 * - E1 While it is performed it gives signs of life, so that the attempts of a node that died are tried elsewhere.
 * - E2 What was performed is reported until the runtime has taken it, or says that the attempt is over; its slot stays taken until then.
 * - E3 It is reported once: whatever comes first, the end of the performance or the reason to break it off, decides what is reported.
 * - E4 Somebody else may report it while it is still performed. It is performed to its end all the same: who gets a request may report the result
 *   before it answers.
 */
import { BelfryError } from "../../domain/error.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { Assignment, ExecutorCommands, Failure, Kept } from "../api.ts";

export type Outcome =
  | ({ readonly kind: "completed"; readonly result: JsonObject | null } & Kept)
  /** It was delivered to somebody who reports the result within so long. */
  | { readonly kind: "handed-on"; readonly withinMs: number; readonly exchange: JsonObject }
  /** It could not be carried out now, and was not: it does not count. */
  | { readonly kind: "given-back" }
  | { readonly kind: "failed"; readonly failure: Failure };

/** Does what the action of the instance says. `signal` aborts when nobody waits for the outcome any more. Rejects for a defect only. */
export type Perform = (assignment: Assignment, signal: AbortSignal) => Promise<Outcome>;

/**
 * Why an attempt is broken off. `cancelled`: a caller asked; `stopping`: this node goes away, another one shall try; `stale`: the attempt is over
 * for the runtime; `dropped`: this node is not to say anything more.
 */
export type Abortion = "cancelled" | "stopping" | "stale" | "dropped";

export interface PerformedAttemptDeps {
  readonly workers: Omit<ExecutorCommands, "open">;
  readonly clock: Clock;
  readonly log: Log;
  readonly perform: Perform;
}

/** Signs of life come so often, or three times in a heartbeat timeout that is shorter. */
const BEAT_MS = 3000;
const SHORTEST_BEAT_MS = 200;
/** Signs of life without an answer yet; while there are so many, no more are given. */
const MAX_UNANSWERED = 4;
/** Waits between reports that could not be taken: doubling from the first to the longest. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2000;

export class PerformedAttempt {
  readonly #deps: PerformedAttemptDeps;
  readonly #assignment: Assignment;
  readonly #beatMs: number;
  /** Ends the performance. */
  readonly #performance = new AbortController();
  /** Ends the reporting. */
  readonly #reporting = new AbortController();
  readonly #brokenOff = Promise.withResolvers<Outcome>();
  #beat: Timer | null = null;
  #unanswered = 0;
  #isPerforming = true;

  constructor(deps: PerformedAttemptDeps, assignment: Assignment) {
    this.#deps = deps;
    this.#assignment = assignment;
    const timeoutMs = assignment.instance.life.attempt?.heartbeatMs ?? Number.POSITIVE_INFINITY;
    this.#beatMs = Math.max(SHORTEST_BEAT_MS, Math.min(BEAT_MS, timeoutMs / 3));
  }

  /** Whether what it does is not over yet, nor broken off. */
  get isPerforming(): boolean {
    return this.#isPerforming;
  }

  /** Resolves when the attempt needs nothing more. Never rejects. Called once. @param performed called when it only has to be reported. */
  async run(performed: () => void): Promise<void> {
    this.#armBeat();
    // E3.
    const outcome = await Promise.race([this.#brokenOff.promise, this.#perform()]);
    this.#isPerforming = false;
    this.#beat?.cancel();
    this.#beat = null;
    performed();
    await this.#report(outcome);
  }

  /** E4. Nobody asks for its signs of life any more, and the answer to one would be that it is over. */
  overtaken(): void {
    this.#beat?.cancel();
    this.#beat = null;
  }

  abort(abortion: Abortion): void {
    if (abortion === "stale" || abortion === "dropped") {
      this.#reporting.abort();
    }
    this.#brokenOff.resolve(abortion === "cancelled" ? CANCELLED : STOPPED);
    this.#performance.abort();
  }

  async #perform(): Promise<Outcome> {
    try {
      return await this.#deps.perform(this.#assignment, this.#performance.signal);
    } catch (error) {
      this.#deps.log.error("an executor failed", { instance: this.#assignment.instance.id, error });
      return failed("EXECUTOR_ERROR", "The node that ran it has a defect; its log says more.", true);
    }
  }

  /** E2. */
  async #report(outcome: Outcome): Promise<void> {
    const { workers, log, clock } = this.#deps;
    const { token, instance } = this.#assignment;
    const { signal } = this.#reporting;
    for (let waitMs = FIRST_WAIT_MS; !signal.aborted; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
      try {
        await tell(workers, token, outcome);
        return;
      } catch (error) {
        if (!mayPass(error)) {
          if (!isStale(error)) {
            // The signs of life have ended: past the heartbeat timeout the attempt is tried again.
            log.error("what an attempt came to could not be reported", { instance: instance.id, error });
          }
          return;
        }
        // An aborted wait ends the loop.
        await clock.sleep(Math.max(waitMs, error.retryAfterMs ?? 0), signal).catch(() => {});
      }
    }
  }

  /** E1. At its own pace: the answer to one may be long in coming while the shard of the instance moves. */
  #armBeat(): void {
    this.#beat = this.#deps.clock.schedule(this.#beatMs, () => {
      this.#armBeat();
      if (this.#unanswered < MAX_UNANSWERED) {
        void this.#giveSign();
      }
    });
  }

  async #giveSign(): Promise<void> {
    const { workers, log } = this.#deps;
    const { token, instance } = this.#assignment;
    this.#unanswered++;
    try {
      const { cancelRequested } = await workers.heartbeat(token, {});
      if (cancelRequested) {
        this.abort("cancelled");
      }
    } catch (error) {
      if (isStale(error)) {
        this.abort("stale");
      } else if (!mayPass(error)) {
        log.warn("a sign of life of an attempt was refused", { instance: instance.id, error });
      }
    } finally {
      this.#unanswered--;
    }
  }
}

function tell(workers: PerformedAttemptDeps["workers"], token: string, outcome: Outcome): Promise<unknown> {
  switch (outcome.kind) {
    case "completed": {
      const { kind: _, result, ...kept } = outcome;
      return workers.complete(token, result, kept);
    }
    case "handed-on":
      return workers.awaitResult(token, outcome);
    case "given-back":
      return workers.giveBack(token);
    case "failed":
      return workers.fail(token, outcome.failure);
  }
}

export function failed(code: string, message: string, retryable: boolean, retryDelayMs?: number): Outcome {
  const error = { code, message, traceback: "" };
  return { kind: "failed", failure: { error, retryable, ...(retryDelayMs === undefined ? {} : { retryDelayMs }) } };
}

/** The codes that workers report in the same cases. */
const CANCELLED = failed("CANCELLED", "It was broken off because a cancel was asked for.", false);
const STOPPED = failed("WORKER_STOPPED", "The node that ran it is shutting down.", true, 0);

function isStale(error: unknown): boolean {
  return error instanceof BelfryError && error.reason === "STALE_ATTEMPT";
}

/** Whether the same report may be taken a little later. */
function mayPass(error: unknown): error is BelfryError {
  return (
    error instanceof BelfryError &&
    (error.code === "UNAVAILABLE" || error.code === "DEADLINE_EXCEEDED" || error.reason === "BUSY")
  );
}
