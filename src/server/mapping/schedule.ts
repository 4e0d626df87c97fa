import type { Schedule, Timing } from "../../domain/schedule/schedule.ts";
import { validateSchedule } from "../../domain/schedule/validate.ts";
import {
  FoldPolicy,
  GapPolicy,
  type AtTiming,
  type EveryTiming,
  type EveryTimingSchema,
  type Schedule as ProtoSchedule,
  type ScheduleExclusion,
  type ScheduleExclusionSchema,
  type ScheduleSchema,
} from "../../gen/belfry/v1/schedule_pb.ts";
import { nameIn } from "./enumeration.ts";
import { Findings } from "./findings.ts";
import type { Init } from "./init.ts";
import {
  durationOf,
  instantOf,
  optionalInstantOf,
  toDuration,
  toOptionalDuration,
  toOptionalTimestamp,
  toTimestamp,
} from "./time.ts";

const MIN_INTERVAL_MS = 100;

/**
 * @param anchorAt what an interval without phase and a recurrence rule count from when the schedule names no start.
 * @returns a schedule that `validateSchedule` finds right, or anything when there are findings.
 */
export function scheduleOf(
  schedule: ProtoSchedule | undefined,
  field: string,
  findings: Findings,
  anchorAt: number,
): Schedule {
  if (schedule === undefined) {
    findings.add(field, "is required");
    return NOTHING;
  }
  const own = new Findings();
  const read = readSchedule(schedule, field, own, anchorAt);
  // Rules of the domain make sense only for what could be read.
  if (own.isEmpty) {
    for (const violation of validateSchedule(read)) own.add(`${field}.${violation.field}`, violation.description);
  }
  own.moveTo(findings);
  return read;
}

function readSchedule(schedule: ProtoSchedule, field: string, findings: Findings, anchorAt: number): Schedule {
  const startAt = optionalInstantOf(schedule.startTime, `${field}.startTime`, findings);
  const endAt = optionalInstantOf(schedule.endTime, `${field}.endTime`, findings);
  return {
    timing: timingOf(schedule.timing, field, findings),
    timeZone: schedule.timeZone || "UTC",
    anchorAt: startAt ?? anchorAt,
    ...(startAt !== undefined && { startAt }),
    ...(endAt !== undefined && { endAt }),
    jitterMs: schedule.jitter ? durationOf(schedule.jitter, `${field}.jitter`, findings) : 0,
    excludedDates: schedule.excludedDates,
    exclusions: schedule.exclusions.map(({ timing }, index) =>
      timingOf(timing, `${field}.exclusions[${index}]`, findings),
    ),
    ...(schedule.maxOccurrences > 0n && {
      maxOccurrences: countOf(schedule.maxOccurrences, `${field}.maxOccurrences`, findings),
    }),
    gapPolicy: nameIn(GapPolicy, schedule.gapPolicy) ?? "SKIP",
    foldPolicy: nameIn(FoldPolicy, schedule.foldPolicy) ?? "ONCE",
  };
}

/** That one is set is a rule of the schema. */
function timingOf(
  timing: ProtoSchedule["timing"] | ScheduleExclusion["timing"],
  field: string,
  findings: Findings,
): Timing {
  switch (timing.case) {
    case "at":
      return { kind: "at", at: atOf(timing.value, `${field}.at`, findings) };
    case "every":
      return everyOf(timing.value, `${field}.every`, findings);
    case "cron":
      return { kind: "cron", expressions: timing.value.expressions };
    case "rrule":
      return { kind: "rrule", rule: timing.value.rule };
    case "immediate":
    case undefined:
      return { kind: "immediate" };
  }
}

function atOf(timing: AtTiming, field: string, findings: Findings): number {
  if (timing.time) return instantOf(timing.time, `${field}.time`, findings);
  findings.add(`${field}.time`, "is required");
  return Number.NaN;
}

function everyOf(timing: EveryTiming, field: string, findings: Findings): Timing {
  if (!timing.interval) findings.add(`${field}.interval`, "is required");
  return {
    kind: "every",
    intervalMs: timing.interval
      ? durationOf(timing.interval, `${field}.interval`, findings, { minMs: MIN_INTERVAL_MS })
      : Number.NaN,
    ...(timing.phase && { phaseMs: durationOf(timing.phase, `${field}.phase`, findings) }),
    fixedDelay: timing.fixedDelay,
  };
}

function countOf(count: bigint, field: string, findings: Findings): number {
  if (count > BigInt(Number.MAX_SAFE_INTEGER)) findings.add(field, `must be at most ${Number.MAX_SAFE_INTEGER}`);
  return Number(count);
}

const NOTHING: Schedule = {
  timing: { kind: "immediate" },
  timeZone: "UTC",
  anchorAt: Number.NaN,
  jitterMs: 0,
  excludedDates: [],
  exclusions: [],
  gapPolicy: "SKIP",
  foldPolicy: "ONCE",
};

export function toSchedule(schedule: Schedule): Init<typeof ScheduleSchema> {
  return {
    timing: toTiming(schedule.timing),
    timeZone: schedule.timeZone,
    startTime: toOptionalTimestamp(schedule.startAt),
    endTime: toOptionalTimestamp(schedule.endAt),
    jitter: schedule.jitterMs === 0 ? undefined : toDuration(schedule.jitterMs),
    excludedDates: [...schedule.excludedDates],
    exclusions: schedule.exclusions.map(toExclusion),
    maxOccurrences: BigInt(schedule.maxOccurrences ?? 0),
    gapPolicy: GapPolicy[schedule.gapPolicy],
    foldPolicy: FoldPolicy[schedule.foldPolicy],
  };
}

function toTiming(timing: Timing): Init<typeof ScheduleSchema>["timing"] {
  switch (timing.kind) {
    case "immediate":
      return { case: "immediate", value: {} };
    case "manual":
      // Of definitions of the system only, which no caller can write.
      return { case: undefined };
    default:
      return toExcludableTiming(timing);
  }
}

function toExclusion(timing: Timing): Init<typeof ScheduleExclusionSchema> {
  return timing.kind === "immediate" || timing.kind === "manual" ? {} : { timing: toExcludableTiming(timing) };
}

function toExcludableTiming(
  timing: Exclude<Timing, { kind: "immediate" | "manual" }>,
): NonNullable<Init<typeof ScheduleExclusionSchema>["timing"]> {
  switch (timing.kind) {
    case "at":
      return { case: "at", value: { time: toTimestamp(timing.at) } };
    case "every":
      return { case: "every", value: toEvery(timing) };
    case "cron":
      return { case: "cron", value: { expressions: [...timing.expressions] } };
    case "rrule":
      return { case: "rrule", value: { rule: timing.rule } };
  }
}

function toEvery(timing: Timing & { kind: "every" }): Init<typeof EveryTimingSchema> {
  return {
    interval: toDuration(timing.intervalMs),
    phase: toOptionalDuration(timing.phaseMs),
    fixedDelay: timing.fixedDelay,
  };
}
