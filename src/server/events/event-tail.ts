/**
 * The events after given positions, from the log and then live, each once and in order per shard.
 *
 * E1 A shard's position moves forward by exactly one event at a time, so nothing is skipped and nothing comes twice.
 * E2 A live event that is not the next one makes its shard "behind"; a shard that is behind is read from the log until it is not.
 * E3 The tap is opened before the log is looked at, so what is committed in between comes live.
 */
import type { StatusEvent } from "../../domain/event/status-event.ts";
import type { QueryStore } from "../../ports/store/queries.ts";
import type { EventHub } from "./event-hub.ts";
import { expiredToken, invalidToken, type Positions } from "./resume-token.ts";
import type { EventSelection } from "./subject-pattern.ts";

const READ_BATCH = 500;

export interface TailStart {
  readonly kind: "now" | "log-start";
}

export interface TailResume {
  readonly kind: "after";
  readonly positions: Positions;
}

export interface TailOptions {
  readonly hub: EventHub;
  readonly queries: Pick<QueryStore, "eventBounds" | "readEvents">;
  readonly shardCount: number;
  readonly selection: EventSelection;
  readonly from: TailStart | TailResume;
  readonly signal: AbortSignal;
}

/** One step of a tail: events that match, and how many were looked at. `positions` is the tail's own and changes with the next step. */
export interface TailStep {
  readonly matching: readonly StatusEvent[];
  readonly scanned: number;
  readonly positions: Positions;
}

/**
 * The first step has no events and tells where the tail starts. Ends only with the signal (rejecting with its reason), or with an error.
 *
 * @throws BelfryError RESUME_TOKEN_EXPIRED, RESUME_TOKEN_INVALID
 */
export async function* tailEvents(options: TailOptions): AsyncGenerator<TailStep> {
  const { hub, queries, selection, signal, shardCount } = options;
  const tap = hub.tap(selection.shards);
  try {
    const { positions, behind, unread } = await startPositions(queries, selection, options.from, shardCount);
    const step = (events: readonly StatusEvent[]): TailStep => ({
      matching: events.filter((event) => selection.matches(event)),
      scanned: events.length,
      positions,
    });
    yield step([]);
    for (;;) {
      for (const shard of behind) {
        signal.throwIfAborted();
        const events = await readAfter(queries, shard, positions, { unread });
        if (events.length < READ_BATCH) behind.delete(shard);
        if (events.length > 0) yield step(events);
      }
      if (behind.size > 0) continue;
      const taken = await tap.take(signal);
      const live = acceptNext(taken.events, positions, behind);
      for (const shard of taken.behind === "all" ? trackedShards(selection, shardCount) : taken.behind)
        behind.add(shard);
      if (live.length > 0) yield step(live);
    }
  } finally {
    tap.close();
  }
}

/**
 * Where a tail or a list starts, and which of its shards have more than that. Those that are `unread` start where their log does, wherever that is when
 * they are read: meanwhile it may have been cut.
 */
export async function startPositions(
  queries: Pick<QueryStore, "eventBounds">,
  selection: EventSelection,
  from: TailStart | TailResume,
  shardCount: number,
): Promise<{ readonly positions: Positions; readonly behind: Set<number>; readonly unread: Set<number> }> {
  const bounds = new Map((await queries.eventBounds()).map((bound) => [bound.shard, bound]));
  const positions: Positions = Array.from({ length: shardCount }, (_, shard) => bounds.get(shard)?.last ?? 0);
  const behind = new Set<number>();
  for (const shard of trackedShards(selection, shardCount)) {
    const { first = 0, last = 0 } = bounds.get(shard) ?? {};
    if (from.kind === "log-start" && first > 0) positions[shard] = first - 1;
    if (from.kind === "after") {
      const position = from.positions[shard] ?? 0;
      if (position > last) throw invalidToken();
      if (position < last && (first === 0 || first > position + 1)) throw expiredToken();
      positions[shard] = position;
    }
    if ((positions[shard] ?? 0) < last) behind.add(shard);
  }
  // Shards that are not read keep the place a token had, so that it stays good for other patterns.
  if (from.kind === "after" && selection.shards !== null) {
    from.positions.forEach((position, shard) => (positions[shard] = position));
  }
  return { positions, behind, unread: new Set(from.kind === "log-start" ? behind : []) };
}

/**
 * The next events of a shard in the log; moves its position. One that was `unread` is so no more.
 *
 * @throws BelfryError RESUME_TOKEN_EXPIRED when they are gone.
 */
export async function readAfter(
  queries: Pick<QueryStore, "readEvents">,
  shard: number,
  positions: Positions,
  { limit = READ_BATCH, unread = new Set() }: { readonly limit?: number; readonly unread?: Set<number> } = {},
): Promise<readonly StatusEvent[]> {
  const position = positions[shard] ?? 0;
  const events = await queries.readEvents(shard, position, limit);
  const [first] = events;
  if (first !== undefined && !unread.delete(shard) && first.sequence !== position + 1) throw expiredToken();
  positions[shard] = events.at(-1)?.sequence ?? position;
  return events;
}

function trackedShards(selection: EventSelection, shardCount: number): Iterable<number> {
  return selection.shards ?? Array.from({ length: shardCount }, (_, shard) => shard);
}

function acceptNext(events: readonly StatusEvent[], positions: Positions, behind: Set<number>): readonly StatusEvent[] {
  return events.filter(({ shard, sequence }) => {
    const position = positions[shard] ?? 0;
    if (behind.has(shard) || sequence <= position) return false;
    if (sequence !== position + 1) {
      behind.add(shard); // E2
      return false;
    }
    positions[shard] = sequence; // E1
    return true;
  });
}
