/**
 * Callers that take locks, and do under them what no two may do at a time. They ask any node, wait or not, renew, let go, hold beyond their time, go
 * away without a word; others read the locks, and release what is not theirs.
 */
import type { LockView } from "../../../src/runtime/index.ts";
import type { StartedRuntime } from "../../../src/runtime/runtime.ts";
import type { Store } from "../../../src/ports/store/store.ts";
import type { Promises } from "../audit/promises.ts";
import type { AskedOfHold, LockHolds } from "../audit/lock-holds.ts";
import type { LockLog } from "../audit/lock-log.ts";
import type { Records } from "../audit/records.ts";
import type { Cluster } from "../world/cluster.ts";
import type { Dice } from "../world/dice.ts";
import type { FencedResource } from "../world/fenced-resource.ts";
import type { Scheduler } from "../world/scheduler.ts";
import type { Answer, RemoteCalls } from "./remote-call.ts";
import { Tries } from "./tries.ts";

/** What a holder is like. */
type Habit = "careful" | "careless" | "lingering" | "mortal";

interface Held {
  readonly name: string;
  readonly token: number;
  readonly ttlMs: number;
  readonly habit: Habit;
}

const LISTED_MOST = 1000;

export class Lockers {
  readonly #time: Scheduler;
  readonly #dice: Dice;
  readonly #cluster: Cluster;
  readonly #tries: Tries;
  readonly #log: LockLog;
  readonly #holds: LockHolds;
  readonly #store: Store;
  readonly #resources: ReadonlyMap<string, FencedResource>;
  readonly #isPeaceful: () => boolean;
  readonly #operations: readonly (() => Promise<void>)[];
  #number = 0;
  /** Callers that have, or try to get, a lock. */
  underWay = 0;

  constructor(deps: {
    readonly time: Scheduler;
    readonly dice: Dice;
    readonly cluster: Cluster;
    readonly calls: RemoteCalls;
    readonly records: Records;
    readonly promises: Promises;
    readonly log: LockLog;
    readonly holds: LockHolds;
    readonly store: Store;
    /** What is locked, by the name of its lock. */
    readonly resources: ReadonlyMap<string, FencedResource>;
    readonly isPeaceful: () => boolean;
  }) {
    this.#time = deps.time;
    this.#dice = deps.dice;
    this.#cluster = deps.cluster;
    this.#tries = new Tries(deps);
    this.#log = deps.log;
    this.#holds = deps.holds;
    this.#store = deps.store;
    this.#resources = deps.resources;
    this.#isPeaceful = deps.isPeaceful;
    this.#operations = [
      ...Array.from({ length: 7 }, () => () => this.#session()),
      () => this.#read(),
      () => this.#list(),
      () => this.#releaseAnother(),
    ];
  }

  /** Does something, now and again until `until`. */
  keepCalling(everyMs: number, until: number): void {
    if (this.#time.now >= until) {
      return;
    }
    const operation = this.#dice.oneOf(this.#operations);
    if (operation !== undefined) {
      this.underWay++;
      void operation().finally(() => {
        this.underWay--;
      });
    }
    this.#time.after(this.#dice.wait(everyMs), () => this.keepCalling(everyMs, until));
  }

  async #session(): Promise<void> {
    const held = await this.#acquire();
    if (held !== null && (await this.#hold(held))) {
      await this.#release(held.name, held.token);
    }
  }

  async #acquire(): Promise<Held | null> {
    const dice = this.#dice;
    const name = this.#someName();
    const holder = `locker-${this.#number++}`;
    const requestId = dice.chance(0.5) ? `request-${holder}` : undefined;
    const ttlMs = dice.pick([1000, 1500, 3000, 6000]);
    const waitMs = dice.pick([0, 0, 1500, 4000, 8000]);
    const asked = { name, holder, askedAt: this.#time.now };
    const gone = new AbortController();
    // It hears nothing any more.
    const goesAway = waitMs > 0 && dice.chance(0.15);
    const command = { holder, ttlMs, waitMs, ...(requestId === undefined ? {} : { requestId }) };
    this.#holds.asks(asked);
    const answer = await this.#tries.make(
      `AcquireLock ${name} for ${holder}${waitMs > 0 ? " in turn" : ""}`,
      requestId !== undefined && !goesAway,
      (runtime) => {
        if (goesAway) {
          this.#time.after(dice.between(0, waitMs), () => this.#leave(runtime, holder, gone));
        }
        return unlessGone(runtime.locks.acquire(name, command, gone.signal), gone.signal);
      },
      (view) => {
        if (view !== null) {
          this.#holds.granted(asked, view);
        } else if (requestId === undefined) {
          this.#holds.leaves(holder);
        } else {
          this.#holds.unknown(holder);
        }
      },
      (failed) => this.#heardOf(holder, failed),
    );
    if (answer.kind !== "ok" || answer.value === null || goesAway) {
      return null;
    }
    const habit = dice.pick<Habit>(["careful", "careful", "careful", "careless", "lingering", "mortal"]);
    return { name, token: answer.value.record.token, ttlMs, habit };
  }

  #leave(runtime: StartedRuntime, holder: string, gone: AbortController): void {
    this.#cluster.machines
      .find((machine) => machine.runtime === runtime)
      ?.life?.enter(
        "call",
        () => `${holder} is gone`,
        () => gone.abort(new DOMException("gone", "AbortError")),
      );
  }

  /** @returns whether it lets go in the end. */
  async #hold(held: Held): Promise<boolean> {
    const dice = this.#dice;
    const { name, token, ttlMs, habit } = held;
    const rounds = dice.whole(1, 4);
    for (let round = 0; round < rounds && !this.#isPeaceful(); round++) {
      if (habit === "careful" && !this.#holds.mayCountOn(name, token)) {
        // Whoever waited long does not know since when the lock is held: a renewal says so.
        if (!(await this.#renew(held)) || !this.#holds.mayCountOn(name, token)) {
          return dice.chance(0.5);
        }
      }
      await this.#work(held);
      if (habit === "mortal" && dice.chance(0.5)) {
        return false;
      }
      await this.#sleep(habit === "lingering" ? dice.between(0.5, 3) * ttlMs : dice.between(0.05, 0.7) * ttlMs);
      if (dice.chance(0.7) && !(await this.#renew(held)) && habit !== "careless") {
        return dice.chance(0.2);
      }
    }
    return dice.chance(0.9);
  }

  /** Reads, thinks, and writes: what a lock is for. */
  async #work({ name, token, habit }: Held): Promise<void> {
    const resource = this.#resources.get(name);
    const read = (await resource?.read(token)) ?? null;
    if (read === null) {
      return;
    }
    await this.#sleep(this.#dice.wait(100));
    if (habit !== "careful" || this.#holds.mayCountOn(name, token)) {
      await resource?.write(token, read);
    }
  }

  /** @returns false: the lock is lost. */
  async #renew({ name, token, ttlMs }: Held): Promise<boolean> {
    const dice = this.#dice;
    const asked = this.#holds.commands(name, token);
    const requestId = dice.chance(0.3) ? `request-renew-${this.#number++}` : undefined;
    const wanted = dice.pick([undefined, ttlMs, ttlMs, 2 * ttlMs, 1000]);
    const command = {
      token,
      ...(wanted === undefined ? {} : { ttlMs: wanted }),
      ...(requestId === undefined ? {} : { requestId }),
    };
    this.#holds.renews(asked);
    const answered = this.#tries.make(
      `RenewLock ${name} by ${token}`,
      dice.chance(0.7),
      ({ locks }) => locks.renew(name, command),
      (view) => this.#holds.renewed(asked, view),
    );
    if (dice.chance(0.15)) {
      // It loses patience, and will ask again before it was answered.
      void answered.then((answer) => this.#isLost(asked, answer));
      await this.#sleep(dice.wait(200));
      return true;
    }
    return !this.#isLost(asked, await answered);
  }

  async #release(name: string, token: number): Promise<void> {
    const asked = this.#holds.commands(name, token);
    const requestId = this.#dice.chance(0.3) ? `request-release-${this.#number++}` : undefined;
    this.#holds.letsGo(asked);
    const answer = await this.#tries.make(
      `ReleaseLock ${name} by ${token}`,
      this.#dice.chance(0.7),
      ({ locks }) => locks.release(name, { token, ...(requestId === undefined ? {} : { requestId }) }),
      (view) => this.#holds.released(asked, view),
    );
    this.#isLost(asked, answer);
  }

  /** By a token that is over, or, as an operator would, by that of the holder. */
  async #releaseAnother(): Promise<void> {
    const name = this.#someName();
    const token = this.#holds.seen(name) - (this.#dice.chance(0.3) ? 0 : this.#dice.whole(1, 3));
    if (token > 0) {
      await this.#release(name, token);
    }
  }

  async #read(): Promise<void> {
    const name = this.#someName();
    const seen = this.#holds.seen(name);
    await this.#tries.make(
      `GetLock ${name}`,
      true,
      ({ locks }) => locks.get(name),
      (view) => this.#holds.read(name, seen, view),
    );
  }

  /** Lists are read from the store, by whatever node is asked. */
  async #list(): Promise<void> {
    this.#log.listed(await this.#store.actorStates.list("lock", { prefix: "" }, "", LISTED_MOST));
  }

  #isLost(asked: AskedOfHold, answer: Answer<unknown>): boolean {
    const isLost = answer.kind === "refused" && answer.error.reason === "LOCK_LOST";
    if (isLost) {
      this.#holds.lost(asked);
    }
    return isLost;
  }

  #heardOf(holder: string, answer: Answer<unknown>): void {
    if (answer.kind === "refused") {
      this.#holds.refused(holder, answer.error.reason);
    } else if (answer.kind === "broken") {
      this.#holds.unknown(holder);
    }
  }

  #someName(): string {
    return this.#dice.oneOf([...this.#resources.keys()]) ?? "nothing";
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.#time.after(ms, resolve));
  }
}

/** The answer; null: whoever asked has gone away before. */
async function unlessGone(answer: Promise<LockView>, signal: AbortSignal): Promise<LockView | null> {
  try {
    return await answer;
  } catch (error) {
    if (signal.aborted && error === signal.reason) {
      return null;
    }
    throw error;
  }
}
