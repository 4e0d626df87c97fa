import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { CursorStore } from "../../ports/store/cursors.ts";
import type { Backlog } from "./backlog.ts";
import type { Backlogs } from "./backlogs.ts";

/** Named by the cursor of a shard that was never on a stream. */
const NO_STREAM = "";
const RETRY_MS = 500;

/** Finds where publishing a shard begins: after the cursor, or on another stream a while back (P3, P4). */
export class Placement {
  readonly #cursors: CursorStore;
  readonly #backlogs: Backlogs;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #replayMs: number;
  readonly #placed: () => void;
  readonly #stop = new AbortController();
  #moveAgainAt = Number.NEGATIVE_INFINITY;

  constructor(deps: {
    cursors: CursorStore;
    backlogs: Backlogs;
    clock: Clock;
    log: Log;
    replayMs: number;
    /** Called when shards can be published. */
    placed: () => void;
  }) {
    this.#cursors = deps.cursors;
    this.#backlogs = deps.backlogs;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#replayMs = deps.replayMs;
    this.#placed = deps.placed;
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Reads the cursors, whether the stream is there or not: where a shard begins is settled, and durable, before anything waits long. */
  async begin(opened: readonly Backlog[]): Promise<void> {
    for (let failures = 0; !this.#stop.signal.aborted; failures++) {
      const waiting = opened.filter((backlog) => this.#backlogs.has(backlog));
      if (waiting.length === 0) {
        return;
      }
      try {
        await this.#readCursors(waiting);
        this.#placed();
        return;
      } catch (error) {
        if (failures === 0) {
          this.#log.warn("cursors of published events cannot be read; trying again", { error });
        }
        await this.#clock.sleep(RETRY_MS, this.#stop.signal).catch(() => {});
      }
    }
  }

  /** Replays the shards whose position is about another stream. When the store does not answer they wait. */
  async moveTo(stream: string): Promise<void> {
    if (this.#clock.monotonic() < this.#moveAgainAt) {
      return;
    }
    const strangers = this.#backlogs.all().filter((backlog) => backlog.stream !== null && backlog.stream !== stream);
    if (strangers.length === 0) {
      return;
    }
    try {
      const lasts = await this.#lastBefore(strangers);
      for (const backlog of strangers) {
        // What was never published is, however old it is (P1).
        backlog.replay(stream, Math.min(lasts.get(backlog.shard) ?? 0, backlog.position));
      }
    } catch (error) {
      this.#moveAgainAt = this.#clock.monotonic() + RETRY_MS;
      this.#log.warn("the log cannot be searched for what another stream lacks; trying again", { error });
    }
  }

  async #readCursors(backlogs: readonly Backlog[]): Promise<void> {
    const found = await this.#cursors.read(backlogs.map(({ shard }) => shard));
    const cursors = new Map(found.map((cursor) => [cursor.shard, cursor]));
    const unknown = backlogs.filter(({ shard }) => !cursors.has(shard));
    const lasts = unknown.length > 0 ? await this.#lastBefore(unknown) : new Map<number, number>();
    for (const backlog of backlogs) {
      const cursor = cursors.get(backlog.shard) ?? null;
      backlog.begin(cursor?.stream ?? NO_STREAM, cursor?.sequence ?? lasts.get(backlog.shard) ?? 0, cursor);
    }
  }

  async #lastBefore(backlogs: readonly Backlog[]): Promise<ReadonlyMap<number, number>> {
    const shards = backlogs.map(({ shard }) => shard);
    const lasts = await this.#cursors.lastBefore(shards, this.#clock.now() - this.#replayMs);
    return new Map(lasts.map(({ shard, sequence }) => [shard, sequence]));
  }
}
