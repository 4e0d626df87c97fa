import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import {
  countFrom,
  enumValue,
  enumValues,
  jsonObject,
  label,
  momentBefore,
} from "../../../src/cli/api/option-values.ts";
import { InstanceState, InstanceStateSchema, PrioritySchema, Priority } from "../../../src/client/index.ts";

describe("states", () => {
  const states = enumValues(InstanceStateSchema);

  it("are named in any of their spellings, several at once or one after the other", () => {
    const first = states("failed,timed-out", undefined);
    expect(states("INSTANCE_STATE_RUNNING", first)).toEqual([
      InstanceState.FAILED,
      InstanceState.TIMED_OUT,
      InstanceState.RUNNING,
    ]);
  });

  it.each(["", "done", "unspecified", "failed,,"])("that do not exist are refused with those that do: %j", (text) => {
    expect(() => states(text, undefined)).toThrow(
      "Known are: pending, running, backing_off, paused, completed, failed, cancelled, timed_out.",
    );
  });
});

it("one priority is one", () => {
  expect(enumValue(PrioritySchema)("high")).toBe(Priority.HIGH);
  expect(() => enumValue(PrioritySchema)("high,low")).toThrow("One is enough.");
});

describe("counts", () => {
  it.each(["1", "500"])("%s is one", (text) => {
    expect(countFrom(1, 500)(text)).toBe(Number(text));
  });
  it.each(["0", "501", "-1", "1.5", "ten", "", "1e2"])("%j is none", (text) => {
    expect(() => countFrom(1, 500)(text)).toThrow("It must be a whole number from 1 to 500.");
  });
});

describe("labels", () => {
  it("are collected; a value may hold what it likes", () => {
    expect(label("b=x=y", label("a=1"))).toEqual({ a: "1", b: "x=y" });
    expect(label("a=")).toEqual({ a: "" });
  });
  it.each(["a", "=1", ""])("need a name: %j", (text) => {
    expect(() => label(text)).toThrow("It must be name=value.");
  });
});

describe("payloads", () => {
  it("are JSON objects", () => {
    expect(jsonObject('{"host":"a"}')).toEqual({ host: "a" });
  });
  it.each(["[1]", "null", '"a"', "{", ""])("are nothing else: %j", (text) => {
    expect(() => jsonObject(text)).toThrow(/^It must be a JSON object/);
  });
});

describe("times", () => {
  const now = new Date(2026, 0, 31, 12, 30, 15, 500).getTime();
  const time = momentBefore(() => now);

  it.each([
    ["2h", now - 7_200_000],
    ["90s", now - 90_000],
    ["08:00", new Date(2026, 0, 31, 8, 0, 0).getTime()],
    ["8:05:09", new Date(2026, 0, 31, 8, 5, 9).getTime()],
    ["2026-01-30", new Date(2026, 0, 30).getTime()],
    ["2026-01-30 08:00", new Date(2026, 0, 30, 8, 0).getTime()],
    ["2026-01-30T08:00:00+08:00", Date.UTC(2026, 0, 30)],
    ["2026-01-30T08:00:00Z", Date.UTC(2026, 0, 30, 8)],
  ])("%s is understood", (text, at) => {
    expect(time(text)).toEqual(timestampFromMs(at));
  });

  it.each(["", "yesterday", "25:00", "8", "2026-13-01", "01/02/2026", "2026-01-30T99:00"])("%j is not", (text) => {
    expect(() => time(text)).toThrow(/^It must be a time such as 08:00/);
  });
});
