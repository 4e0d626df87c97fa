/** What a definition's schedule says. All instants are epoch milliseconds, all durations milliseconds. */

/**
 * Wall-clock times that a DST gap removes: left out, or run at the first instant after the gap, once. Both policies
 * apply to fixed times (`30 2 * * *`); a stretch of time (`*\/15 * * * *`) has no times in a gap and all in a fold.
 */
export type GapPolicy = "SKIP" | "RUN_AFTER";

/** Wall-clock times that a DST fold shows twice: run at the first of the two, or at both. */
export type FoldPolicy = "ONCE" | "TWICE";

/** The rule that produces due times. */
export type Timing =
  | { readonly kind: "immediate" }
  /** Never by itself, only when somebody triggers it: there is nothing to finish. */
  | { readonly kind: "manual" }
  | { readonly kind: "at"; readonly at: number }
  | {
      readonly kind: "every";
      readonly intervalMs: number;
      /**
       * Due times are those with `time mod intervalMs == phaseMs`; without it they are the anchor plus (or minus) whole
       * intervals. Less than the interval; not with `fixedDelay`.
       */
      readonly phaseMs?: number;
      /** Count the interval from the end of the last instance, at first from the anchor. */
      readonly fixedDelay: boolean;
    }
  | {
      readonly kind: "cron";
      /**
       * 5 or 6 fields each, with L, W and #; a time is due (once) when any line names it. With both day fields set a day
       * matches when either does.
       */
      readonly expressions: readonly string[];
    }
  | {
      readonly kind: "rrule";
      /** RFC 5545 recurrence rule, e.g. `FREQ=WEEKLY;BYDAY=MO,WE;BYHOUR=8`. Its DTSTART is the anchor. */
      readonly rule: string;
    };

export interface Schedule {
  readonly timing: Timing;
  /** IANA name; wall-clock fields of cron, rrule and excluded dates are read in it. */
  readonly timeZone: string;
  /** Counts as DTSTART of an rrule and as zero of an interval without phase: the start, or the time of creation. */
  readonly anchorAt: number;
  /** No due time before this (inclusive). */
  readonly startAt?: number;
  /** No due time at or after this (exclusive). */
  readonly endAt?: number;
  /** Each due time is fired up to this much later; the delay is a pure function of the definition and the due time. */
  readonly jitterMs: number;
  /** Calendar days in `timeZone`, `YYYY-MM-DD`, on which nothing is due. */
  readonly excludedDates: readonly string[];
  /**
   * A time that any of these names is not due; cron lines cover the whole minute (second, hour, day) that they name.
   * `immediate`, `manual` and fixed delay make no sense here.
   */
  readonly exclusions: readonly Timing[];
  /** The schedule is finished after this many due times have been taken. */
  readonly maxOccurrences?: number;
  readonly gapPolicy: GapPolicy;
  readonly foldPolicy: FoldPolicy;
}
