/**
 * From wall times to instants: where gap and fold policy live.
 *
 * A pattern names wall times; a zone's clock shows each of them once (nearly always), never (in a gap: the clock was set
 * forward over it) or twice (in a fold: the clock was set back over it). Two kinds of pattern meet this differently, as
 * in Vixie cron:
 *
 * - A *fixed-time* pattern means a time on the clock: `30 2 * * *`, `0 8,20 * * MON`, `FREQ=DAILY`. The policies decide.
 *   In a gap, SKIP leaves the time out and RUN_AFTER makes it due at the first instant after the gap (once, however many
 *   named times the gap swallowed). In a fold, ONCE takes the first of the two instants and TWICE both.
 * - An *interval* pattern means a stretch of time: `*\/15 * * * *`, `0 9-17 * * *`, `FREQ=HOURLY`. It goes on evenly
 *   through both halves of a fold and has no times in a gap, whatever the policies say: a quarter-hourly job that kept
 *   silent for the repeated hour, or fired once more for the missing one, would surprise everybody.
 */
import { DAY_MS, LATEST_AT } from "./calendar.ts";
import type { FoldPolicy, GapPolicy } from "./schedule.ts";
import type { OffsetSpan, Zone } from "./zone.ts";

export interface WallPattern {
  readonly isInterval: boolean;
  /** The first wall time strictly after `wall` that the pattern names, or null when there is none. */
  nextWall(wall: number): number | null;
}

export interface WallClock {
  readonly zone: Zone;
  readonly gapPolicy: GapPolicy;
  readonly foldPolicy: FoldPolicy;
}

/** The first instant strictly after `afterAt` at which `pattern` is due on `clock`, or null when there is none. */
export function nextInstant(pattern: WallPattern, clock: WallClock, afterAt: number): number | null {
  let span = clock.zone.spanAt(afterAt + 1);
  // Each round moves on by a span or more, so the loop ends at the end of time at the latest.
  for (;;) {
    if (afterAt < span.startAt && isDueAfterGap(pattern, clock, span)) return span.startAt;
    const wall = pattern.nextWall(lastWallTaken(pattern, clock, span, afterAt));
    if (wall === null) return null;
    const at = wall - span.offsetMs;
    if (at < span.endAt) return at;
    if (at >= LATEST_AT || span.endAt >= LATEST_AT) return null;
    // Nothing is named between here and `wall`, so the spans between are passed over; but the one right after a time
    // taken less than a day ago may be a fold that shows times before it again.
    const isClearOfFold = afterAt < span.endAt - DAY_MS;
    span = clock.zone.spanAt(isClearOfFold ? Math.max(span.endAt, at - 2 * DAY_MS) : span.endAt);
  }
}

/** Whether `span` begins with a gap whose swallowed times `pattern` makes up for at the span's first instant. */
export function isDueAfterGap(pattern: WallPattern, clock: WallClock, span: OffsetSpan): boolean {
  if (clock.gapPolicy !== "RUN_AFTER" || pattern.isInterval || span.previousOffsetMs >= span.offsetMs) return false;
  const swallowed = pattern.nextWall(span.startAt + span.previousOffsetMs - 1);
  return swallowed !== null && swallowed < span.startAt + span.offsetMs;
}

/** The wall time in `span` after which due times are looked for: nothing at or before it is (still) due. */
function lastWallTaken(pattern: WallPattern, clock: WallClock, span: OffsetSpan, afterAt: number): number {
  const lastTaken = Math.max(afterAt, span.startAt - 1) + span.offsetMs;
  if (clock.foldPolicy === "TWICE" || pattern.isInterval) return lastTaken;
  // In a fold the wall times up to here were shown by the span before. Without a fold this lies in the past.
  return Math.max(lastTaken, span.startAt + span.previousOffsetMs - 1);
}
