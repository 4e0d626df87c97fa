/**
 * What this node runs itself, without a worker of the user's. To the rest of the runtime it is a worker on a stream: it takes from a queue of its
 * own as many attempts as it has free slots, so priorities, fairness, bounds, cancelling and the record in the store are those of every queue.
 */
import type { Clock, Timer } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { Assignment, ExecutorCommands, WorkerSession, WorkerSignal } from "../api.ts";
import { PerformedAttempt } from "./performed-attempt.ts";
import type { Abortion, Perform } from "./performed-attempt.ts";

export interface BuiltInExecutorDeps {
  readonly workers: ExecutorCommands;
  readonly clock: Clock;
  readonly log: Log;
  /** A name that no worker can ask for. */
  readonly queue: string;
  /** What instances show as their worker. */
  readonly workerId: string;
  readonly perform: Perform;
  /** Whether it can perform anything now. While it cannot, it takes nothing. */
  readonly ready: boolean;
  /** Attempts at a time, until `setSlots` says otherwise. Default 256. */
  readonly slots?: number;
}

const DEFAULT_SLOTS = 256;
/** When the runtime does not let it in, it asks again after so long. */
const JOIN_AGAIN_MS = 500;
/** When it stops, attempts get so long to end by themselves, and then so long to report that they were broken off. */
const STOP_GRACE_MS = 3000;
const STOP_REPORTS_MS = 1000;

export class BuiltInExecutor {
  readonly #deps: BuiltInExecutorDeps;
  readonly #attempts = new Map<string, PerformedAttempt>();
  /** Attempts that somebody else has ended, and that are still performed: each takes one of the slots until it is not (E4). */
  readonly #overtaken = new Set<string>();
  #ready: boolean;
  #wanted: number;
  #session: WorkerSession | null = null;
  #joinAgain: Timer | null = null;
  #stopping: Promise<void> | null = null;
  #retired = false;
  /** It performs nothing more, whatever comes. */
  #over = false;
  /** Told when the last attempt has ended. */
  #quiet: (() => void) | null = null;

  constructor(deps: BuiltInExecutorDeps) {
    this.#deps = deps;
    this.#ready = deps.ready;
    this.#wanted = deps.slots ?? DEFAULT_SLOTS;
  }

  /** Attempts that are performed or reported. */
  get underWay(): number {
    return this.#attempts.size;
  }

  /** Joins its queue. Called once. */
  start(): void {
    void this.#join();
  }

  setReady(ready: boolean): void {
    const changed = this.#ready !== ready;
    this.#ready = ready;
    if (changed) {
      this.#tellSlots();
    }
  }

  /** How many attempts there may be at a time from now on; those under way go on. */
  setSlots(slots: number): void {
    const changed = this.#wanted !== slots;
    this.#wanted = slots;
    if (changed) {
      this.#tellSlots();
    }
  }

  /** Takes nothing more, and leaves its queue when what is under way has ended by itself. */
  retire(): void {
    this.setSlots(0);
    this.#retired = true;
    this.#joinAgain?.cancel();
    this.#closeIfRetired();
  }

  /**
   * Takes nothing more. What is under way has 3 s to end, then it is broken off and reported to be tried elsewhere at once; what could not be
   * reported within another second is left to its heartbeat timeout. Resolves when all of that is over, however often it is called.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Ends at once, as a crash would: nothing is reported. */
  abandon(): void {
    this.#over = true;
    this.#joinAgain?.cancel();
    this.#abort("dropped");
  }

  get #ended(): boolean {
    return this.#over || this.#stopping !== null;
  }

  get #slots(): number {
    return this.#ready && !this.#ended && !this.#retired ? Math.max(0, this.#wanted - this.#overtaken.size) : 0;
  }

  async #join(): Promise<void> {
    const { workers, queue, workerId, clock, log } = this.#deps;
    const slots = this.#slots;
    try {
      const session = await workers.open(
        { queue, workerId, slots, running: [] },
        {
          assign: (assignments) => this.#take(assignments),
          signal: (signals) => this.#heed(signals),
          released: (token) => this.#released(token),
          drain: () => void this.stop(),
        },
      );
      if (this.#ended) {
        session.close();
        return;
      }
      this.#session = session;
      this.#closeIfRetired();
      if (this.#slots !== slots) {
        session.setSlots(this.#slots);
      }
    } catch (error) {
      if (!this.#ended && !this.#retired) {
        log.warn("an executor could not join its queue; it tries again in a moment", { queue, error });
        this.#joinAgain = clock.schedule(JOIN_AGAIN_MS, () => void this.#join());
      }
    }
  }

  #take(assignments: readonly Assignment[]): void {
    if (this.#over) {
      return;
    }
    for (const assignment of assignments) {
      void this.#carryOut(assignment);
    }
  }

  async #carryOut(assignment: Assignment): Promise<void> {
    const attempt = new PerformedAttempt(this.#deps, assignment);
    this.#attempts.set(assignment.token, attempt);
    await attempt.run(() => this.#performed(assignment.token));
    this.#attempts.delete(assignment.token);
    if (this.#attempts.size === 0) {
      this.#quiet?.();
      this.#closeIfRetired();
    }
  }

  #released(token: string): void {
    const attempt = this.#attempts.get(token);
    if (attempt?.isPerforming === true) {
      attempt.overtaken();
      this.#overtaken.add(token);
      this.#tellSlots();
    }
  }

  #performed(token: string): void {
    if (this.#overtaken.delete(token)) {
      this.#tellSlots();
    }
  }

  #tellSlots(): void {
    if (!this.#ended) {
      this.#session?.setSlots(this.#slots);
    }
  }

  #closeIfRetired(): void {
    if (this.#retired && this.#attempts.size === 0) {
      this.#session?.close();
    }
  }

  /** A pause is not heeded: a request that was sent cannot be held. */
  #heed(signals: readonly WorkerSignal[]): void {
    for (const { token, stale, cancelRequested } of signals) {
      if (stale || cancelRequested) {
        this.#attempts.get(token)?.abort(stale ? "stale" : "cancelled");
      }
    }
  }

  #abort(abortion: Abortion): void {
    for (const attempt of this.#attempts.values()) {
      attempt.abort(abortion);
    }
  }

  async #stop(): Promise<void> {
    this.#joinAgain?.cancel();
    this.#session?.setSlots(0);
    await this.#quietWithin(STOP_GRACE_MS);
    // What was decided for it and is not durable yet goes back to the queue from here on.
    this.#session?.close();
    this.#abort("stopping");
    await this.#quietWithin(STOP_REPORTS_MS);
    this.#over = true;
    this.#abort("dropped");
  }

  async #quietWithin(ms: number): Promise<void> {
    if (this.#attempts.size === 0) {
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#quiet = resolve;
    const timer = this.#deps.clock.schedule(ms, resolve);
    await promise;
    timer.cancel();
    this.#quiet = null;
  }
}
