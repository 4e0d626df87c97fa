/**
 * Time zones as spans of constant offset.
 *
 * `Intl` knows the tz database but answers only "what does the clock show at this instant". Schedules need the reverse,
 * and need to see gaps and folds. So each zone's history is cut into spans within which the clock runs evenly: inside a
 * span, wall time and instant differ by one number, and a gap or a fold is visible as the difference between a span's
 * offset and that of the span before it.
 *
 * Spans are found by asking for the offset every six days and bisecting where it changed, one chunk of 384 days at a
 * time, on demand. A zone that leaves an offset and is back at it within six days would be missed; the shortest that the tz
 * database has had since 1970 is a week (America/Recife in October 2000).
 */
import { BoundedCache } from "./bounded-cache.ts";
import { DAY_MS, SECOND_MS } from "./calendar.ts";

export interface OffsetSpan {
  readonly startAt: number;
  /** Exclusive. A span may also end where a chunk ends, with the same offset going on after it. */
  readonly endAt: number;
  /** Wall time minus instant. */
  readonly offsetMs: number;
  /** The offset right before `startAt`. Smaller than `offsetMs`: a gap. Greater: a fold. */
  readonly previousOffsetMs: number;
}

export interface Zone {
  /** The span that holds an instant between the years 1900 and 9999. */
  spanAt(at: number): OffsetSpan;
}

const PROBE_MS = 6 * DAY_MS;
const PROBES_PER_CHUNK = 64;
const CHUNK_MS = PROBE_MS * PROBES_PER_CHUNK;
/** Chunks kept a zone: some seventy years. */
const MAX_CHUNKS = 64;
/** More than the tz database has names for. */
const zones = new BoundedCache<Zone>(640);

/** The zone of an IANA name; its spans are computed once and kept. @throws RangeError when the name is unknown. */
export function zoneOf(timeZone: string): Zone {
  return zones.get(timeZone, () => new IntlZone(timeZone));
}

/** Whether `timeZone` is an IANA name that this runtime's tz database knows. Bare offsets such as `+08:00` are none. */
export function isKnownTimeZone(timeZone: string): boolean {
  if (!/^[A-Za-z]/.test(timeZone)) return false;
  try {
    zoneOf(timeZone);
    return true;
  } catch {
    return false;
  }
}

class IntlZone implements Zone {
  readonly #format: Intl.DateTimeFormat;
  readonly #chunks = new Map<number, readonly OffsetSpan[]>();

  constructor(timeZone: string) {
    this.#format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  }

  spanAt(at: number): OffsetSpan {
    for (const span of this.#chunk(Math.floor(at / CHUNK_MS))) {
      if (at < span.endAt) return span;
    }
    throw new RangeError(`No offset is known for the instant ${at}`);
  }

  #chunk(index: number): readonly OffsetSpan[] {
    const known = this.#chunks.get(index);
    if (known !== undefined) return known;
    const made = this.#findSpans(index * CHUNK_MS);
    this.#chunks.set(index, made);
    if (this.#chunks.size > MAX_CHUNKS) {
      const [oldest] = this.#chunks.keys();
      if (oldest !== undefined) this.#chunks.delete(oldest);
    }
    return made;
  }

  #findSpans(chunkStartAt: number): OffsetSpan[] {
    const changes: number[] = [];
    let offsetMs = this.#offsetAt(chunkStartAt);
    for (let probe = 1; probe <= PROBES_PER_CHUNK; probe += 1) {
      const probedAt = chunkStartAt + probe * PROBE_MS;
      const probedOffsetMs = this.#offsetAt(probedAt);
      this.#findChanges(probedAt - PROBE_MS, offsetMs, probedAt, probedOffsetMs, changes);
      offsetMs = probedOffsetMs;
    }
    const chunkEndAt = chunkStartAt + CHUNK_MS;
    const starts = [chunkStartAt, ...changes.filter((changedAt) => changedAt < chunkEndAt)];
    let previousOffsetMs = this.#offsetAt(chunkStartAt - SECOND_MS);
    return starts.map((startAt, position) => {
      const span = {
        startAt,
        endAt: starts[position + 1] ?? chunkEndAt,
        offsetMs: this.#offsetAt(startAt),
        previousOffsetMs,
      };
      previousOffsetMs = span.offsetMs;
      return span;
    });
  }

  /** Adds the instants in `(fromAt, toAt]` at which a new offset begins, to the second. */
  #findChanges(fromAt: number, fromOffsetMs: number, toAt: number, toOffsetMs: number, changes: number[]): void {
    if (fromOffsetMs === toOffsetMs) return;
    if (toAt - fromAt <= SECOND_MS) {
      changes.push(toAt);
      return;
    }
    const middleAt = fromAt + Math.floor((toAt - fromAt) / 2 / SECOND_MS) * SECOND_MS;
    const middleOffsetMs = this.#offsetAt(middleAt);
    this.#findChanges(fromAt, fromOffsetMs, middleAt, middleOffsetMs, changes);
    this.#findChanges(middleAt, middleOffsetMs, toAt, toOffsetMs, changes);
  }

  #offsetAt(at: number): number {
    const field: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
    for (const { type, value } of this.#format.formatToParts(at)) field[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = field;
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / SECOND_MS) * SECOND_MS;
  }
}
