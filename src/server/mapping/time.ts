/**
 * Timestamps and durations, to and from milliseconds.
 *
 * Timestamps finer than a millisecond are rounded down, or up where they bound a search. Durations that are kept (schedules, policies) must be
 * whole milliseconds, so that what was set is what is read; those of a single call (`wait`, `retryDelay`) are rounded up.
 */
import { create } from "@bufbuild/protobuf";
import { DurationSchema, TimestampSchema, type Duration, type Timestamp } from "@bufbuild/protobuf/wkt";
import type { Findings } from "./findings.ts";

const NANOS_PER_MS = 1_000_000;
const NANOS_PER_SECOND = 1_000_000_000;
/** 0001-01-01 and 9999-12-31T23:59:59: what a Timestamp may be. */
const MIN_SECONDS = -62_135_596_800n;
const MAX_SECONDS = 253_402_300_799n;
const MAX_DURATION_SECONDS = 315_576_000_000n;
/** A hundred years: nothing that is kept waits longer, and every sum with a time of this age is still a time. */
const MAX_DURATION_MS = 36_525 * 86_400_000;

/** Epoch milliseconds; NaN with a finding when it is no time. */
export function instantOf(time: Timestamp, field: string, findings: Findings, round: "down" | "up" = "down"): number {
  if (time.seconds < MIN_SECONDS || time.seconds > MAX_SECONDS || time.nanos < 0 || time.nanos >= NANOS_PER_SECOND) {
    findings.add(field, "must be a time from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z");
    return Number.NaN;
  }
  const ms = time.nanos / NANOS_PER_MS;
  return Number(time.seconds) * 1000 + (round === "up" ? Math.ceil(ms) : Math.floor(ms));
}

/** As {@link instantOf}, undefined when unset. */
export function optionalInstantOf(
  time: Timestamp | undefined,
  field: string,
  findings: Findings,
  round: "down" | "up" = "down",
): number | undefined {
  return time && instantOf(time, field, findings, round);
}

export interface DurationRule {
  readonly minMs?: number;
  readonly maxMs?: number;
  /** Round up what is finer than a millisecond, instead of refusing it. */
  readonly roundUp?: boolean;
}

/** Milliseconds; NaN with a finding when it breaks the rule. */
export function durationOf(duration: Duration, field: string, findings: Findings, rule: DurationRule = {}): number {
  const { minMs = 0, maxMs = MAX_DURATION_MS, roundUp = false } = rule;
  const { seconds, nanos } = duration;
  const refuse = (description: string): number => {
    findings.add(field, description);
    return Number.NaN;
  };
  const isProper =
    seconds >= -MAX_DURATION_SECONDS &&
    seconds <= MAX_DURATION_SECONDS &&
    Math.abs(nanos) < NANOS_PER_SECOND &&
    (seconds === 0n || nanos === 0 || seconds > 0n === nanos > 0);
  if (!isProper) return refuse("must be a duration of at most 315576000000 seconds, with nanos of the same sign");
  if (seconds < 0n || nanos < 0) return refuse("must not be negative");
  if (nanos % NANOS_PER_MS !== 0 && !roundUp) return refuse("must be whole milliseconds");
  const ms = Number(seconds) * 1000 + Math.ceil(nanos / NANOS_PER_MS);
  if (ms < minMs) return refuse(`must be at least ${inWords(minMs)}`);
  if (ms > maxMs) return refuse(`must be at most ${inWords(maxMs)}`);
  return ms;
}

function inWords(ms: number): string {
  if (ms % 86_400_000 === 0 && ms !== 0) return `${ms / 86_400_000} days`;
  return ms % 1000 === 0 ? `${ms / 1000} s` : `${ms} ms`;
}

export function toTimestamp(at: number): Timestamp {
  const seconds = Math.floor(at / 1000);
  return create(TimestampSchema, { seconds: BigInt(seconds), nanos: (at - seconds * 1000) * NANOS_PER_MS });
}

export function toOptionalTimestamp(at: number | null | undefined): Timestamp | undefined {
  return at === null || at === undefined ? undefined : toTimestamp(at);
}

export function toDuration(ms: number): Duration {
  const seconds = Math.floor(ms / 1000);
  return create(DurationSchema, { seconds: BigInt(seconds), nanos: Math.round((ms - seconds * 1000) * NANOS_PER_MS) });
}

export function toOptionalDuration(ms: number | null | undefined): Duration | undefined {
  return ms === null || ms === undefined ? undefined : toDuration(ms);
}
