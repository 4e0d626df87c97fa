import type { StatusEvent } from "../../domain/event/status-event.ts";
import { Backlog } from "./backlog.ts";

/** The shards this node publishes, and what of them is in memory. */
export class Backlogs {
  readonly #memoryLimit: number;
  /** Whose turn comes first stands first. */
  readonly #backlogs = new Map<number, Backlog>();

  constructor(memoryLimit: number) {
    this.#memoryLimit = memoryLimit;
  }

  /** In turn. */
  all(): readonly Backlog[] {
    return [...this.#backlogs.values()];
  }

  /** What this node still owns of these. */
  of(shards: readonly number[]): readonly Backlog[] {
    return shards.flatMap((shard) => this.#backlogs.get(shard) ?? []);
  }

  get(shard: number): Backlog | undefined {
    return this.#backlogs.get(shard);
  }

  /** Whether the shard is still owned, and was all the time. */
  has(backlog: Backlog | undefined): boolean {
    return backlog !== undefined && this.#backlogs.get(backlog.shard) === backlog;
  }

  /** Events in memory. */
  get held(): number {
    let held = 0;
    for (const backlog of this.#backlogs.values()) {
      held += backlog.held.length;
    }
    return held;
  }

  get lag(): number {
    let lag = 0;
    for (const backlog of this.#backlogs.values()) {
      lag += backlog.lag;
    }
    return lag;
  }

  open(
    shards: readonly { readonly shard: number; readonly epoch: number; readonly lastSequence: number }[],
  ): Backlog[] {
    return shards.map((opened) => {
      const backlog = new Backlog(opened);
      this.#backlogs.set(opened.shard, backlog);
      return backlog;
    });
  }

  close(shards: Iterable<number>): void {
    for (const shard of shards) {
      this.#backlogs.delete(shard);
    }
  }

  /** Keeps committed events in memory while there is room (P7). */
  offer(events: readonly StatusEvent[]): void {
    let room = this.#memoryLimit - this.held;
    for (const event of events) {
      if (this.#backlogs.get(event.shard)?.offer(event, room > 0) === true) {
        room--;
      }
    }
  }

  /** These had their turn: the others come first. They keep in memory no more than fits, beside what is being published (P7). */
  served(upTo: ReadonlyMap<number, number>): void {
    let excess = this.held - this.#memoryLimit;
    for (const [shard, sequence] of upTo) {
      const backlog = this.#backlogs.get(shard);
      if (backlog !== undefined) {
        this.#backlogs.delete(shard);
        this.#backlogs.set(shard, backlog);
        if (excess > 0) {
          const before = backlog.held.length;
          backlog.forgetAfter(sequence);
          excess -= before - backlog.held.length;
        }
      }
    }
  }

  /** P5: nobody knows what the others did meanwhile. */
  doubtAll(): void {
    for (const backlog of this.#backlogs.values()) {
      backlog.doubtAll();
    }
  }
}
