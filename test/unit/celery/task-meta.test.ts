import { describe, expect, it } from "vitest";
import { instantOf } from "../../../src/celery/instant.ts";
import { readTaskMeta } from "../../../src/celery/task-meta.ts";
import { ResultBackendError } from "../../../src/ports/result-backend.ts";
import { pickled } from "./pickled.ts";

const DONE_AT = Date.UTC(2026, 10, 22, 10, 0, 0, 123);

function read(text: string) {
  return readTaskMeta(Buffer.from(text));
}

describe("what Celery writes of a task", () => {
  it("R-125: is read as its JSON has it", () => {
    const text =
      '{"status": "SUCCESS", "result": {"a": 1}, "traceback": null, "children": [], "date_done": "2026-11-22T10:00:00.123456", "task_id": "t"}';
    expect(read(text)).toEqual({ status: "SUCCESS", result: { a: 1 }, traceback: "", doneAt: DONE_AT });
    expect(readTaskMeta(pickled("success"))).toEqual(read(text));
  });

  it("R-127: has the exception and the traceback of a failure, in JSON and pickled", () => {
    const exception = { exc_type: "ValueError", exc_message: ["no luck"], exc_module: "builtins" };
    const text = JSON.stringify({
      status: "FAILURE",
      result: exception,
      traceback: "Traceback",
      date_done: "2026-11-22T10:00:00.123456",
    });
    const failure = { status: "FAILURE", result: exception, traceback: "Traceback", doneAt: DONE_AT };
    expect(read(text)).toEqual(failure);
    // Protocol 2 is written for Python 2 too, which had another name for the module.
    expect(readTaskMeta(pickled("failure"))).toEqual({
      ...failure,
      result: { ...exception, exc_module: "exceptions" },
    });
  });

  it("names the worker: always while it runs, afterwards with result_extended", () => {
    expect(read('{"status": "STARTED", "result": {"pid": 7, "hostname": "celery@a"}}')).toMatchObject({
      worker: "celery@a",
    });
    expect(read('{"status": "SUCCESS", "result": {"hostname": "mine"}}')).not.toHaveProperty("worker");
    expect(read('{"status": "SUCCESS", "result": 1, "worker": "celery@b"}')).toMatchObject({ worker: "celery@b" });
  });

  it("has numbers that JSON has not, which become null; texts stay", () => {
    expect(read('{"status": "SUCCESS", "result": [NaN, Infinity, -Infinity, "NaN \\" Infinity", 1]}').result).toEqual([
      null,
      null,
      null,
      'NaN " Infinity',
      1,
    ]);
  });

  it("is known by its status when the result is too large, or the whole of it", () => {
    const large = { status: "SUCCESS", result: "x".repeat(300_000), traceback: null, date_done: null };
    expect(read(JSON.stringify(large))).toMatchObject({
      status: "SUCCESS",
      result: null,
      leftOut: "it has 300002 bytes, and at most 262144 are taken",
    });
    const larger = Buffer.from(`{"status": "SUCCESS", "result": "${"x".repeat(2_000_000)}`).subarray(0, 1_048_577);
    expect(readTaskMeta(larger)).toMatchObject({ status: "SUCCESS", leftOut: "it has more than 1048576 bytes" });
    expect(read(`{"status": "SUCCESS", "result": ${"[".repeat(100_000)}${"]".repeat(100_000)}}`)).toMatchObject({
      status: "SUCCESS",
      result: null,
    });
  });

  it.each([
    ["a success, protocol 4", "success", "SUCCESS"],
    ["a failure, protocol 2", "failure", "FAILURE"],
  ])("is known by its status when the pickle of it is too large: %s", (_, name, status) => {
    const larger = Buffer.concat([pickled(name), Buffer.alloc(1_048_577)]).subarray(0, 1_048_577);
    expect(readTaskMeta(larger)).toEqual({
      status,
      result: null,
      leftOut: "it has more than 1048576 bytes",
      traceback: "",
      doneAt: null,
    });
  });

  it("takes no time to be found unreadable, however many quotes it has and no end of them", () => {
    const began = performance.now();
    expect(() => read(`"${'\\"'.repeat(500_000)}`)).toThrow("it is no JSON");
    // A second look at each quote would take minutes.
    expect(performance.now() - began).toBeLessThan(5000);
  });

  it.each([
    ["no JSON", "hello"],
    ["half of it", '{"status": "SUCC'],
    ["no object", "[1]"],
    ["no status", '{"result": 1}'],
    ["an empty status", '{"status": ""}'],
    ["compressed", "x\u0001\u0002"],
    ["large and not Celery's", "y".repeat(1_048_577)],
    ["a pickle of something else", "\u0080\u0005N."],
  ])("is unreadable, and says so, when it is %s", (_, text) => {
    expect(() => readTaskMeta(Buffer.from(text, "latin1"))).toThrow(ResultBackendError);
  });

  it.each([
    ["2026-11-22T10:00:00.123456", DONE_AT],
    ["2026-11-22T10:00:00.123456+00:00", DONE_AT],
    ["2026-11-22T18:00:00.123+08:00", DONE_AT],
    ["2026-11-22 10:00:00.123Z", DONE_AT],
    ["2026-11-22T10:00:00", DONE_AT - 123],
    [{ __type__: "datetime", __value__: "2026-11-22T10:00:00.123456" }, DONE_AT],
    ["yesterday", null],
    ["2026-13-45T10:00:00", null],
    [null, null],
    [7, null],
  ])("has times as Python writes them: %j", (given, at) => {
    expect(instantOf(given)).toBe(at);
  });
});
