/** Schedules that cannot be. Each is refused by CreateDefinition, UpdateDefinition and PreviewSchedule alike. */
import type { JsonObject } from "./api.ts";

export interface WrongSchedule {
  readonly wrong: string;
  readonly schedule: JsonObject;
  /** As the schedule has them. */
  readonly fields: readonly string[];
}

const cron = (...expressions: string[]): JsonObject => ({ cron: { expressions } });
const every = (interval: string, more: JsonObject = {}): JsonObject => ({ every: { interval, ...more } });

function wrong(what: string, schedule: JsonObject, ...fields: string[]): WrongSchedule {
  return { wrong: what, schedule, fields };
}

export const WRONG_SCHEDULES: readonly WrongSchedule[] = [
  wrong("no timing", { timeZone: "UTC" }, ""),
  wrong("a cron line with a minute past 59", cron("60 8 * * *"), "cron.expressions[0]"),
  wrong("a cron line of four fields", cron("0 8 * *"), "cron.expressions[0]"),
  wrong("a cron line of words", cron("every morning"), "cron.expressions[0]"),
  wrong("the second of two cron lines", cron("0 8 * * *", "0 25 * * *"), "cron.expressions[1]"),
  wrong("a day that never comes", cron("0 0 30 2 *"), "cron.expressions[0]"),
  wrong("an empty cron line", cron(""), "cron.expressions[0]"),
  wrong("no cron line", cron(), "cron.expressions"),
  wrong("33 cron lines", cron(...Array.from({ length: 33 }, (_, minute) => `${minute} 8 * * *`)), "cron.expressions"),
  wrong("an unknown zone", { ...cron("0 8 * * *"), timeZone: "Mars/Olympus" }, "timeZone"),
  wrong("a zone of 65 characters", { ...cron("0 8 * * *"), timeZone: "Z".repeat(65) }, "timeZone"),
  wrong("an interval of zero", every("0s"), "every.interval"),
  wrong("a negative interval", every("-5s"), "every.interval"),
  wrong("an interval below 100 ms", every("0.099s"), "every.interval"),
  wrong("an interval of a fraction of a millisecond", every("1.0005s"), "every.interval"),
  wrong("an interval of more than a hundred years", every("3155760001s"), "every.interval"),
  wrong("no interval", { every: {} }, "every.interval"),
  wrong("a phase as long as the interval", every("60s", { phase: "60s" }), "every.phase"),
  wrong("a negative phase", every("60s", { phase: "-1s" }), "every.phase"),
  wrong("a phase with a fixed delay", every("60s", { phase: "1s", fixedDelay: true }), "every.phase"),
  wrong("no time", { at: {} }, "at.time"),
  wrong("a time before 1900", { at: { time: "1899-12-31T23:59:59Z" } }, "at.time"),
  wrong("no rule", { rrule: { rule: "" } }, "rrule.rule"),
  wrong("a rule without FREQ", { rrule: { rule: "BYDAY=MO" } }, "rrule.rule"),
  wrong("a rule with an unknown part", { rrule: { rule: "FREQ=DAILY;BYMOON=1" } }, "rrule.rule"),
  wrong(
    "an end before the start",
    { ...every("60s"), startTime: "2030-01-02T00:00:00Z", endTime: "2030-01-01T00:00:00Z" },
    "endTime",
  ),
  wrong(
    "an end at the start",
    { ...every("60s"), startTime: "2030-01-01T00:00:00Z", endTime: "2030-01-01T00:00:00Z" },
    "endTime",
  ),
  wrong("an end that is past", { ...every("60s"), endTime: "2001-01-01T00:00:00Z" }, "endTime"),
  wrong("a negative jitter", { ...every("60s"), jitter: "-1s" }, "jitter"),
  wrong("a jitter of a day", { ...every("60s"), jitter: "86400s" }, "jitter"),
  wrong("a negative number of occurrences", { ...every("60s"), maxOccurrences: "-1" }, "maxOccurrences"),
  wrong(
    "an excluded date that the calendar lacks",
    { ...cron("0 8 * * *"), excludedDates: ["2030-01-01", "2030-02-29"] },
    "excludedDates[1]",
  ),
  wrong("an excluded date in another form", { ...cron("0 8 * * *"), excludedDates: ["1.1.2030"] }, "excludedDates[0]"),
  wrong("an exclusion without timing", { ...cron("0 8 * * *"), exclusions: [{}] }, "exclusions[0]"),
  wrong(
    "an exclusion of fixed delay",
    { ...cron("0 8 * * *"), exclusions: [every("60s", { fixedDelay: true })] },
    "exclusions[0].every.fixedDelay",
  ),
  wrong(
    "an exclusion with a wrong cron line",
    { ...cron("0 8 * * *"), exclusions: [cron("0 8 * * 9")] },
    "exclusions[0].cron.expressions[0]",
  ),
  wrong("exclusions that leave nothing", { ...cron("0 8 * * *"), exclusions: [cron("* * * * *")] }, "exclusions"),
  wrong(
    "an end before the first due time",
    { ...cron("0 0 1 1 *"), startTime: "2030-02-01T00:00:00Z", endTime: "2030-03-01T00:00:00Z" },
    "endTime",
  ),
  wrong("two wrong fields, both named", { ...every("0s"), jitter: "-1s" }, "every.interval", "jitter"),
];
