/** How explanations say times and lengths of time. */
import { zoneOf } from "../../domain/schedule/zone.ts";

const UNITS = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1000, "s"],
] as const;

/** The wall time of a zone with its offset: `2026-01-01T08:00:00+08:00`. Fractions of a second only when there are any. */
export function timeInZone(at: number, timeZone: string): string {
  const { offsetMs } = zoneOf(timeZone).spanAt(at);
  const wall = new Date(at + offsetMs).toISOString();
  return wall.slice(0, at % 1000 === 0 ? 19 : 23) + offsetInWords(offsetMs);
}

function offsetInWords(offsetMs: number): string {
  if (offsetMs === 0) return "Z";
  const minutes = Math.floor(Math.abs(offsetMs) / 60_000);
  const twoDigits = (value: number): string => String(value).padStart(2, "0");
  return `${offsetMs < 0 ? "-" : "+"}${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`;
}

/** The two greatest units: `2 h 5 min`. Less than a second: `350 ms`. */
export function durationInWords(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const parts: string[] = [];
  let rest = ms;
  for (const [unitMs, name] of UNITS) {
    const units = Math.floor(rest / unitMs);
    rest -= units * unitMs;
    if (units > 0) parts.push(`${units} ${name}`);
    if (parts.length === 2 || (parts.length === 1 && units === 0)) break;
  }
  return parts.join(" ");
}

/** `in 5 min`, `5 min ago`, `now`. */
export function relativeInWords(at: number, now: number): string {
  if (at === now) return "now";
  return at > now ? `in ${durationInWords(at - now)}` : `${durationInWords(now - at)} ago`;
}

export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

/** A text of a caller, when there is one, as an appendix: `: text`. The sentence it goes into brings the full stop. */
export function because(reason: string): string {
  return reason === "" ? "" : `: ${reason.replace(/\.$/, "")}`;
}
