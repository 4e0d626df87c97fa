/**
 * Group commit: decide → commit → act.
 *
 * Decisions are staged in the open batch. While one batch is being written the next one gathers, so that under load a transaction carries
 * hundreds of decisions, and an idle node commits at once. Batches are written one after the other (J2), so a shard's commits and events have
 * one order. A batch whose fate is unknown is sent again as it is; the store writes it once (J1). Replies, messages and attempts wait for the
 * commit; when a shard is lost instead, those who wait get UNAVAILABLE.
 */
import type { StatusEvent } from "../domain/event/status-event.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { CommitOutcome, JournalStore } from "../ports/store/journal.ts";
import { StoreUnavailable } from "../ports/store/journal.ts";
import { OpenBatch } from "./batch.ts";
import type { SealedBatch } from "./batch.ts";
import type { Ownership } from "./ownership.ts";
import { outcomeUnknown, shardUnavailable } from "./refusals.ts";

const RETRY_MS = [20, 50, 100, 200, 500];

export class Journal {
  readonly #store: JournalStore;
  readonly #ownership: Ownership;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #published: (events: readonly StatusEvent[]) => void;
  #open = new OpenBatch();
  #sealed: SealedBatch | null = null;
  /** Sealed already, and to be written before what is open. */
  readonly #earlier: SealedBatch[] = [];
  #writing: Promise<void> | null = null;
  #running: Promise<void> | null = null;
  #away = false;
  #abandoned = false;

  constructor(deps: {
    store: JournalStore;
    ownership: Ownership;
    clock: Clock;
    log: Log;
    published: (events: readonly StatusEvent[]) => void;
  }) {
    this.#store = deps.store;
    this.#ownership = deps.ownership;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#published = deps.published;
  }

  /** Where decisions of this moment are staged. */
  get open(): OpenBatch {
    return this.#open;
  }

  /** Decisions that are not durable yet. */
  get uncommitted(): number {
    const earlier = this.#earlier.reduce((sum, { decisions }) => sum + decisions, 0);
    return this.#open.decisions + (this.#sealed?.decisions ?? 0) + earlier;
  }

  get #pending(): boolean {
    return !this.#open.empty || this.#earlier.length > 0;
  }

  /** Whether the store did not answer the last commit. */
  get away(): boolean {
    return this.#away;
  }

  /** Sees to it that what is staged gets written. */
  kick(): void {
    if (this.#running === null && this.#pending && !this.#abandoned) {
      this.#running = this.#run().finally(() => {
        this.#running = null;
        this.kick();
      });
    }
  }

  /** Resolves when what is staged now is durable, or dropped. Rejects when nothing is written any more. */
  async barrier(): Promise<void> {
    await this.#over();
    if (this.#abandoned) {
      throw outcomeUnknown();
    }
  }

  async #over(): Promise<void> {
    const last = this.#open.empty ? this.#earlier.at(-1) : this.#open;
    if (last !== undefined && !this.#abandoned) {
      const { promise, resolve } = Promise.withResolvers<void>();
      last.whenOver(resolve);
      this.kick();
      await promise;
    } else if (this.#writing !== null) {
      await this.#writing;
    }
  }

  /** Resolves when nothing at all is uncommitted. */
  async settled(): Promise<void> {
    while (this.#running !== null || (this.#pending && !this.#abandoned)) {
      this.kick();
      await this.#running;
    }
  }

  /** Resolves with `value` when what is staged now is durable; rejects when the shard is lost before. */
  committed<Value>(shard: number, value: () => Value): Promise<Value> {
    const { promise, resolve, reject } = Promise.withResolvers<Value>();
    this.#open.onCommit({ shard, committed: () => resolve(value()), lost: reject });
    this.kick();
    return promise;
  }

  /** Runs when what is staged now is durable; not at all when the shard is lost before. */
  after(shard: number, run: () => void): void {
    this.#open.onCommit({ shard, committed: run, lost: () => {} });
  }

  /** What is decided from now on is in a later commit than what is staged. */
  cut(): void {
    if (!this.#open.empty) {
      this.#earlier.push(this.#seal());
    }
  }

  /** Writes nothing more, as a crash would; what is under way may still arrive. */
  abandon(): void {
    this.#abandoned = true;
    this.#earlier.push(this.#seal());
    this.#earlier.splice(0).forEach((dropped) => dropped.over());
  }

  #seal(): SealedBatch {
    const open = this.#open;
    this.#open = new OpenBatch();
    return open.seal((shard) => this.#ownership.claim(shard));
  }

  /** Takes out of the unwritten batches what belongs to lost shards. */
  dropShards(lost: ReadonlySet<number>): void {
    // The batch under way is left alone: its fence decides. What is only staged goes.
    const sealed = this.#seal();
    sealed.withoutShards((shard) => lost.has(shard), shardUnavailable([...lost][0] ?? 0));
    this.#earlier.push(sealed);
    this.kick();
  }

  async #run(): Promise<void> {
    // Decisions of the same turn of the event loop go into the same batch.
    await Promise.resolve();
    for (let sealed = this.#next(); sealed !== null; sealed = this.#next()) {
      this.#sealed = sealed;
      this.#writing = this.#write(sealed);
      await this.#writing;
      this.#writing = null;
      this.#sealed = null;
      sealed.over();
    }
  }

  #next(): SealedBatch | null {
    const earlier = this.#abandoned ? undefined : this.#earlier.shift();
    if (earlier !== undefined) {
      return earlier;
    }
    return this.#open.empty || this.#abandoned ? null : this.#seal();
  }

  async #write(sealed: SealedBatch): Promise<void> {
    for (let failures = 0; !this.#abandoned;) {
      this.#claim(sealed, failures > 0);
      if (sealed.batch.fences.length === 0) {
        // Nobody waits for the store any more; whether it answers is found out by the next who does.
        this.#away = false;
        return;
      }
      let outcome: CommitOutcome;
      try {
        outcome = await this.#store.commit(sealed.batch);
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) {
          await this.#isolate(sealed, error);
          return;
        }
        this.#away = true;
        if (failures === 0) {
          this.#log.warn("the store does not answer; decisions wait", { error });
        }
        await this.#clock.sleep(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 500);
        failures++;
        continue;
      }
      this.#away = false;
      if (outcome.kind === "committed") {
        this.#finish(sealed);
        return;
      }
      this.#ownership.lose(outcome.shards);
    }
  }

  /** What the store refuses for what is in it costs the one shard it is in: the others are written without it. */
  async #isolate(sealed: SealedBatch, error: unknown): Promise<void> {
    const [fence, ...others] = sealed.batch.fences;
    if (fence !== undefined && others.length === 0) {
      this.#log.error("what a shard decided cannot be written; the shard is given up", { error, shard: fence.shard });
      this.#ownership.lose([fence.shard]);
      this.#claim(sealed, false);
      return;
    }
    for (const part of sealed.split()) {
      await this.#write(part);
    }
  }

  /**
   * Leaves out what is no longer this node's, and numbers the commit of each shard. Repeated, it gives the same.
   * @param sent it was sent, and nobody knows whether it was written.
   */
  #claim(sealed: SealedBatch, sent: boolean): void {
    const gone = new Set<number>();
    for (const { shard, epoch } of sealed.batch.fences) {
      if (this.#ownership.claim(shard)?.epoch !== epoch) {
        gone.add(shard);
      }
    }
    if (gone.size > 0) {
      const [shard = 0] = gone;
      sealed.withoutShards((lost) => gone.has(lost), sent ? outcomeUnknown() : shardUnavailable(shard));
    }
    sealed.number((shard) => this.#ownership.claim(shard)?.commit ?? 0);
  }

  #finish(sealed: SealedBatch): void {
    for (const { shard, epoch } of sealed.batch.fences) {
      const owned = this.#ownership.claim(shard);
      // One that was acquired anew meanwhile has counted this commit already.
      if (owned?.epoch === epoch) {
        owned.commit++;
      }
    }
    sealed.act((error) => this.#log.error("acting on a commit failed", { error }));
    if (sealed.batch.events.length > 0) {
      this.#published(sealed.batch.events);
    }
  }
}
