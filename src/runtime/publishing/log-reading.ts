import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { QueryStore } from "../../ports/store/queries.ts";
import type { Backlog } from "./backlog.ts";

/** Reading many shards must not keep those waiting whose events are in memory. */
const READS_AT_A_TIME = 8;
const RETRY_MS = 500;

/** Reads from the log what was not kept in memory. */
export class LogReading {
  readonly #events: Pick<QueryStore, "readEvents" | "eventBounds">;
  readonly #clock: Clock;
  readonly #log: Log;
  #againAt = Number.NEGATIVE_INFINITY;
  #failed = false;

  constructor(deps: { events: Pick<QueryStore, "readEvents" | "eventBounds">; clock: Clock; log: Log }) {
    this.#events = deps.events;
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  /** Sees to it that these backlogs, in turn, hold as many of their next events as make a batch, as far as that is quickly done. */
  async fill(turn: readonly Backlog[], size: number): Promise<void> {
    let room = size;
    let reads = this.#clock.monotonic() < this.#againAt ? 0 : READS_AT_A_TIME;
    for (const backlog of turn) {
      if (room <= 0) {
        return;
      }
      if (backlog.held.length === 0 && reads > 0) {
        reads = (await this.#read(backlog, room)) ? reads - 1 : 0;
      }
      room -= backlog.held.length;
    }
  }

  async #read(backlog: Backlog, limit: number): Promise<boolean> {
    try {
      const after = backlog.position;
      const events = await this.#events.readEvents(backlog.shard, after, limit);
      const first = events[0]?.sequence ?? (await this.#firstAfter(backlog));
      if (first !== after + 1) {
        this.#log.error("events left the log before they were published", { shard: backlog.shard, after, next: first });
        backlog.advance(Math.min(first - 1, backlog.committed));
      }
      backlog.hold(events);
      this.#failed = false;
      return true;
    } catch (error) {
      this.#againAt = this.#clock.monotonic() + RETRY_MS;
      if (!this.#failed) {
        this.#log.warn("the event log cannot be read for publishing; trying again", { error });
      }
      this.#failed = true;
      return false;
    }
  }

  /** The log has nothing after the position: where it goes on. */
  async #firstAfter({ shard, position }: Backlog): Promise<number> {
    const bounds = await this.#events.eventBounds();
    const { first, last } = bounds.find((bound) => bound.shard === shard) ?? { first: 0, last: 0 };
    const next = first === 0 ? last + 1 : first;
    if (next <= position + 1) {
      throw new RangeError(`The log of shard ${shard} ends at ${last}, though more was committed`);
    }
    return next;
  }
}
