import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import { durationMs } from "@bufbuild/protobuf/wkt";

const UNITS = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1000, "s"],
] as const;

/** In the time zone of this machine: `2026-01-31 08:00:00`. */
export function localTime(at: number): string {
  const date = new Date(at);
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(twoDigits).join("-");
  return `${day} ${localTimeOfDay(at)}`;
}

/** `08:00:00`. */
export function localTimeOfDay(at: number): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(":");
}

/** The two greatest units, `2 h 5 min`; below ten seconds with a fraction, `1.5 s`; below one, `350 ms`. */
export function lengthOfTime(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 10_000) return `${Math.floor(ms / 100) / 10} s`;
  let rest = ms;
  const parts: string[] = [];
  for (const [unitMs, name] of UNITS) {
    const units = Math.floor(rest / unitMs);
    rest -= units * unitMs;
    if (units === 0 && parts.length > 0) break;
    if (units > 0) parts.push(`${units} ${name}`);
    if (parts.length === 2) break;
  }
  return parts.join(" ");
}

/** `in 5 min`, `5 min ago`, `now`. */
export function relativeTime(at: number, now: number): string {
  if (Math.abs(at - now) < 1000) return "now";
  return at > now ? `in ${lengthOfTime(wholeSeconds(at - now))}` : `${lengthOfTime(wholeSeconds(now - at))} ago`;
}

/** `2026-01-31 08:00:00 (in 5 min)`; empty for no time. */
export function moment(time: Timestamp | undefined, now: number): string {
  if (time === undefined) return "";
  const at = timestampMs(time);
  return `${localTime(at)} (${relativeTime(at, now)})`;
}

/** From one time to another, `1.5 s`; empty when one of them is missing. */
export function between(from: Timestamp | undefined, to: Timestamp | undefined): string {
  return from === undefined || to === undefined ? "" : lengthOfTime(timestampMs(to) - timestampMs(from));
}

export function duration(length: Duration | undefined): string {
  return length === undefined ? "" : lengthOfTime(durationMs(length));
}

function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
