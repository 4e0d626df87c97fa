import type { Schedule, Timing } from "../../../../src/domain/schedule/schedule.ts";

export function scheduleOf(timing: Timing, rest: Partial<Schedule> = {}): Schedule {
  return {
    timing,
    timeZone: "UTC",
    anchorAt: at("2026-01-01T00:00:00Z"),
    jitterMs: 0,
    excludedDates: [],
    exclusions: [],
    gapPolicy: "SKIP",
    foldPolicy: "ONCE",
    ...rest,
  };
}

export function cron(...expressions: string[]): Timing {
  return { kind: "cron", expressions };
}

export function rrule(rule: string): Timing {
  return { kind: "rrule", rule };
}

export function every(intervalMs: number, phaseMs?: number): Timing {
  return { kind: "every", intervalMs, phaseMs, fixedDelay: false };
}

export function at(text: string): number {
  const instant = Date.parse(text);
  if (Number.isNaN(instant)) throw new Error(`"${text}" is no instant`);
  return instant;
}

/** Instants as a reader of the tz database writes them: `2026-03-08T07:00Z`, seconds only when there are any. */
export function utc(times: readonly number[]): string[] {
  return times.map((time) => new Date(time).toISOString().replace(/:00\.000Z$|\.000Z$/, "Z"));
}
