/**
 * When all is quiet, each lock is to be had again, by a token greater than all before; and several who wait for it get it in the order of coming, as
 * long as its shard stays where it is.
 */
import type { LockView } from "../../../src/runtime/index.ts";
import type { LockHolds } from "../audit/lock-holds.ts";
import type { LockLog } from "../audit/lock-log.ts";
import { sameLock } from "../audit/lock-log.ts";
import type { Audit } from "../audit/audit.ts";
import type { Cluster, Machine } from "../world/cluster.ts";
import type { Scheduler } from "../world/scheduler.ts";
import type { RemoteCalls } from "./remote-call.ts";

/** Longer than whatever is left of a hold of the storm. */
const WAIT_MS = 40_000;
const TTL_MS = 60_000;
const WAITERS = 3;
/** Time enough for a question to get to the owner. */
const APART_MS = 150;

export class LockContest {
  readonly #time: Scheduler;
  readonly #cluster: Cluster;
  readonly #calls: RemoteCalls;
  readonly #audit: Audit;
  readonly #log: LockLog;
  readonly #holds: LockHolds;
  isOver = false;

  constructor(deps: {
    readonly time: Scheduler;
    readonly cluster: Cluster;
    readonly calls: RemoteCalls;
    readonly audit: Audit;
    readonly log: LockLog;
    readonly holds: LockHolds;
  }) {
    this.#time = deps.time;
    this.#cluster = deps.cluster;
    this.#calls = deps.calls;
    this.#audit = deps.audit;
    this.#log = deps.log;
    this.#holds = deps.holds;
  }

  async run(): Promise<void> {
    await Promise.all(this.#log.names().map((name) => this.#contest(name)));
    this.isOver = true;
  }

  async #contest(name: string): Promise<void> {
    const seen = this.#holds.seen(name);
    const view = await this.#acquire(name, "first", 0);
    const token = view?.record.token ?? 0;
    this.#audit.require(
      token > seen,
      "every lock can be had again",
      () => `${name}: got ${token}, ${seen} was told before; the log has ${JSON.stringify(this.#log.record(name))}`,
    );
    if (view === null) {
      return;
    }
    const epoch = this.#log.epoch(name);
    const order: number[] = [];
    const waiting = Array.from({ length: WAITERS }, async (_, index) => {
      await this.#sleep(index * APART_MS);
      const mine = await this.#acquire(name, `waiter-${index}`, index);
      order.push(index);
      if (mine !== null) {
        await this.#release(name, mine.record.token, index);
      }
    });
    await this.#sleep(WAITERS * APART_MS);
    await this.#release(name, token, WAITERS);
    await Promise.all(waiting);
    this.#audit.require(
      this.#log.epoch(name) !== epoch || order.every((place, index) => place === index),
      "who waits for a lock gets it in the order of coming",
      () => `${name}: ${order.join(", ")}`,
    );
    await this.#calls.make(
      this.#machine(0),
      `GetLock ${name}`,
      ({ locks }) => locks.get(name),
      ({ record, waiting: left }) =>
        this.#audit.require(
          sameLock(record, this.#log.record(name)) && record.hold === null && left === 0,
          "memory says what the store says",
          () => `${JSON.stringify(record)}, ${left} waiting; stored ${JSON.stringify(this.#log.record(name))}`,
        ),
    );
  }

  /** @returns null: it was not to be had. */
  async #acquire(name: string, who: string, at: number): Promise<LockView | null> {
    const asked = { name, holder: `${who} for ${name}`, askedAt: this.#time.now };
    this.#holds.asks(asked);
    const answer = await this.#calls.make(
      this.#machine(at),
      `AcquireLock ${name} for ${asked.holder}`,
      ({ locks }) => locks.acquire(name, { holder: asked.holder, ttlMs: TTL_MS, waitMs: WAIT_MS }),
      (view) => this.#holds.granted(asked, view),
    );
    this.#audit.require(
      answer.kind === "ok",
      "every lock can be had again",
      () => `${asked.holder}: ${answer.kind === "refused" ? answer.error.reason : answer.kind}`,
    );
    return answer.kind === "ok" ? answer.value : null;
  }

  async #release(name: string, token: number, at: number): Promise<void> {
    const asked = this.#holds.commands(name, token);
    this.#holds.letsGo(asked);
    await this.#calls.make(
      this.#machine(at),
      `ReleaseLock ${name} by ${token}`,
      ({ locks }) => locks.release(name, { token }),
      (view) => this.#holds.released(asked, view),
    );
  }

  #machine(at: number): Machine {
    const { machines } = this.#cluster;
    const machine = machines[at % machines.length];
    if (machine === undefined) {
      throw new Error("a cluster has machines");
    }
    return machine;
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.#time.after(ms, resolve));
  }
}
