import { describe, expect, test } from "vitest";
import { dueTimesBetween, previewDueTimes } from "../../../../src/domain/schedule/preview.ts";
import { at, cron, every, scheduleOf, utc } from "./schedules.ts";

const hourly = scheduleOf(cron("0 * * * *"));

describe("a preview", () => {
  test("begins strictly after the time it is asked from", () => {
    expect(utc(previewDueTimes(hourly, at("2026-01-01T00:00Z"), 2))).toEqual([
      "2026-01-01T01:00Z",
      "2026-01-01T02:00Z",
    ]);
  });

  test("shows no more than the schedule allows", () => {
    expect(previewDueTimes({ ...hourly, maxOccurrences: 3 }, at("2026-01-01T00:00Z"), 10)).toHaveLength(3);
    expect(previewDueTimes({ ...hourly, maxOccurrences: 30 }, at("2026-01-01T00:00Z"), 10)).toHaveLength(10);
  });

  test("is empty when nothing is asked for or left", () => {
    expect(previewDueTimes(hourly, at("2026-01-01T00:00Z"), 0)).toEqual([]);
    expect(previewDueTimes({ ...hourly, endAt: at("2026-01-01T00:30Z") }, at("2026-01-01T00:00Z"), 5)).toEqual([]);
  });

  test("shows a fixed delay as if every instance ended at once", () => {
    const schedule = scheduleOf({ kind: "every", intervalMs: 60_000, fixedDelay: true });
    expect(utc(previewDueTimes(schedule, schedule.anchorAt, 2))).toEqual(["2026-01-01T00:01Z", "2026-01-01T00:02Z"]);
  });
});

describe("due times between two instants", () => {
  test("include the first instant and not the last", () => {
    const { times, truncated } = dueTimesBetween(hourly, at("2026-01-01T01:00Z"), at("2026-01-01T03:00Z"), 10);
    expect(utc(times)).toEqual(["2026-01-01T01:00Z", "2026-01-01T02:00Z"]);
    expect(truncated).toBe(false);
  });

  test("say that there are more than asked for", () => {
    const { times, truncated } = dueTimesBetween(hourly, at("2026-01-01T01:00Z"), at("2026-01-01T09:00Z"), 2);
    expect(utc(times)).toEqual(["2026-01-01T01:00Z", "2026-01-01T02:00Z"]);
    expect(truncated).toBe(true);
  });

  test("are not truncated when there are exactly as many as asked for", () => {
    expect(dueTimesBetween(hourly, at("2026-01-01T01:00Z"), at("2026-01-01T03:00Z"), 2).truncated).toBe(false);
  });

  test("are not bound by maxOccurrences", () => {
    const { times } = dueTimesBetween(
      { ...hourly, maxOccurrences: 1 },
      at("2026-01-01T01:00Z"),
      at("2026-01-01T04:00Z"),
      9,
    );
    expect(times).toHaveLength(3);
  });

  test("are none in an empty or reversed range", () => {
    const schedule = scheduleOf(every(1000));
    expect(dueTimesBetween(schedule, at("2026-01-01T01:00Z"), at("2026-01-01T01:00Z"), 9)).toEqual({
      times: [],
      truncated: false,
    });
    expect(dueTimesBetween(schedule, at("2026-01-01T01:00Z"), at("2026-01-01T00:00Z"), 9)).toEqual({
      times: [],
      truncated: false,
    });
  });
});
