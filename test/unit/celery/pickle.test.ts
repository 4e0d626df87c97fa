import { existsSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PickledObject, readPickle } from "../../../src/celery/pickle.ts";
import type { PickleValue } from "../../../src/celery/pickle.ts";
import { plainData } from "../../../src/celery/plain-data.ts";
import { readPickledResult } from "../../../src/celery/result-reading.ts";
import { pickled } from "./pickled.ts";

const PLAIN = {
  none: null,
  yes: true,
  no: false,
  text: "hé任务",
  longer: "x".repeat(300),
  byte: 200,
  word: 60_000,
  int: -70_000,
  long: 2 ** 40,
  negative: -(2 ** 40),
  float: 1.5,
  list: [1, [2]],
  tuples: [[], [1], [1, 2], [1, 2, 3], [1, 2, 3, 4]],
  shared: [["x"], ["x"]],
  empty: [{}, []],
};

describe("what Python pickled", () => {
  it.each([2, 3, 4, 5])("is read when it is plain data, protocol %i", (protocol) => {
    expect(plainData(readPickle(pickled(`plain ${protocol}`)))).toEqual({ kind: "plain", value: PLAIN });
  });

  it("is read as JSON has it: sets as lists, keys as text", () => {
    expect(plainData(readPickle(pickled("a set")))).toEqual({ kind: "plain", value: [[1], [2]] });
    expect(plainData(readPickle(pickled("keys")))).toEqual({ kind: "plain", value: { 2: "a", null: "c" } });
  });

  it.each([
    ["bytes", "it holds an object of builtins.bytes"],
    ["a time", "it holds an object of datetime.datetime"],
    ["a decimal", "it holds an object of decimal.Decimal"],
    ["a tuple as key", "a key of it is no text"],
    ["many", "it is larger than 262144 values and characters"],
    ["endless", "it is nested deeper than 200"],
  ])("is left out, with the reason, when it is something else: %s", (name, why) => {
    expect(readPickledResult(readPickle(pickled(name)), "SUCCESS")).toEqual({ result: null, leftOut: why });
  });

  it("is never carried out", () => {
    const value = readPickle(pickled("evil"));
    expect(value).toEqual(
      new Map<string, unknown>([
        ["status", "SUCCESS"],
        ["result", new PickledObject("posix", "system", ["touch /tmp/somebody-ran-a-pickle"])],
      ]),
    );
    expect(existsSync("/tmp/somebody-ran-a-pickle")).toBe(false);
  });

  it.each(["an error 2", "an error 5"])(
    "R-127: is read as Celery's JSON has it when it is an exception: %s",
    (name) => {
      const { result } = readPickledResult(readPickle(pickled(name)), "FAILURE");
      expect(result).toMatchObject({ exc_type: "ValueError", exc_message: ["no luck", 7] });
    },
  );

  it("R-127: is unwrapped when Celery wrapped an exception that cannot be pickled", () => {
    expect(readPickledResult(readPickle(pickled("a wrapped error")), "FAILURE")).toEqual({
      result: { exc_type: "Unpickleable", exc_message: ["no luck"], exc_module: "__main__" },
    });
    const asJson = { exc_type: "ValueError", exc_message: ["no luck"], exc_module: "builtins" };
    expect(readPickledResult(readPickle(pickled("an error as JSON")), "FAILURE")).toEqual({ result: asJson });
  });

  it.each([
    ["Python 2's protocol", pickled("protocol 0"), /operation 0x\w\w is not read/],
    ["nothing", Buffer.alloc(0), /ends too early/],
    ["half of one", pickled("plain 5").subarray(0, 100), /ends too early/],
    ["an empty stack", Buffer.from("80052e", "hex"), /empty stack/],
    ["what was never remembered", Buffer.from("800568052e", "hex"), /nothing was remembered as 5/],
    ["an end without a beginning", Buffer.from("8005742e", "hex"), /a mark that is not there/],
    ["a call of a text", Buffer.from("80058c016129522e", "hex"), /calls what has no name/],
    ["entries of a list", Buffer.from("80055d4e4e732e", "hex"), /no dict/],
    ["items of a dict", Buffer.from("80057d4e612e", "hex"), /no list/],
  ])("is refused when it is none: %s", (_, bytes, why) => {
    expect(() => readPickle(bytes)).toThrow(why);
  });

  it("is given up at once when there is no end to it, however often it holds itself", () => {
    const times = 100_000;
    // EMPTY_LIST, MEMOIZE, MARK, so many BINGETs of that list, APPENDS, STOP.
    const many = Buffer.alloc(2 * times, "6800", "hex");
    const list = readPickle(
      Buffer.concat([Buffer.from("80045d9428", "hex"), many, Buffer.from("e.")]),
    ) as PickleValue[];
    expect(list).toHaveLength(times);
    let looks = 0;
    const watched = new Proxy(list, {
      get(of, key) {
        looks += 1;
        return Reflect.get(of, key) as unknown;
      },
    });
    for (let index = 0; index < times; index++) list[index] = watched;
    expect(plainData(list)).toEqual({ kind: "other", why: "it is nested deeper than 200" });
    expect(looks).toBeLessThan(10_000);
  });

  it("ends in data or in an error of its own, whatever the bytes", () => {
    const bytes = fc.uint8Array({ maxLength: 60 });
    const damaged = fc
      .tuple(fc.constantFrom("plain 2", "plain 5", "an error 5", "evil"), fc.nat(), fc.nat(255))
      .map(([name, at, byte]) => {
        const whole = Buffer.from(pickled(name));
        whole[at % whole.length] = byte;
        return whole;
      });
    fc.assert(
      fc.property(fc.oneof(bytes, damaged), (given) => {
        try {
          plainData(readPickle(Buffer.from(given)));
        } catch (error) {
          expect(["PickleError", "RangeError"]).toContain((error as Error).name);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
