import { describe, expect, it } from "vitest";
import { newsFrom } from "../../../../src/domain/execution/celery-result.ts";
import type { CeleryResult } from "../../../../src/domain/execution/celery-result.ts";
import { resultOf, valueOf } from "../../../../src/domain/execution/result-value.ts";
import { ACTIVE_STATES, FINAL_STATES } from "../../../../src/domain/instance/instance.ts";

function told(status: string, result: CeleryResult["result"] = null, doneAt: number | null = null): CeleryResult {
  return { status, result, traceback: "", doneAt };
}

describe("what Celery's result backend tells", () => {
  it.each(ACTIVE_STATES)("R-125: PENDING, which Celery says of unknown tasks too, downgrades nothing: %s", (state) => {
    expect(newsFrom(state, told("PENDING"))).toBeNull();
    expect(newsFrom(state, null)).toBeNull();
  });

  it.each(FINAL_STATES)("R-125: nothing changes what is %s", (state) => {
    for (const status of ["PENDING", "STARTED", "RETRY", "SUCCESS", "FAILURE", "REVOKED"]) {
      expect(newsFrom(state, told(status))).toBeNull();
    }
  });

  it("R-125: a result is news, with the time that Celery has of it", () => {
    expect(newsFrom("RUNNING", told("SUCCESS", 42, 7))).toEqual({
      state: "COMPLETED",
      result: { $value: 42 },
      endedAt: 7,
    });
    expect(newsFrom("PENDING", told("SUCCESS", { a: 1 }))).toEqual({ state: "COMPLETED", result: { a: 1 } });
    expect(newsFrom("BACKING_OFF", told("STARTED", { hostname: "a", pid: 1 }))).toEqual({ state: "RUNNING" });
    expect(newsFrom("RUNNING", told("STARTED"))).toBeNull();
  });

  it("R-127: of a failure the type, message and traceback of the exception are kept", () => {
    const exception = { exc_type: "ValueError", exc_message: ["no luck", 7], exc_module: "builtins" };
    const failure = { ...told("FAILURE", exception, 9), traceback: "Traceback …" };
    const error = { code: "ValueError", message: "no luck, 7", traceback: "Traceback …" };
    expect(newsFrom("RUNNING", failure)).toEqual({ state: "FAILED", error, endedAt: 9 });
    expect(newsFrom("RUNNING", { ...failure, status: "RETRY" })).toEqual({ state: "BACKING_OFF", error });
    expect(newsFrom("RUNNING", told("FAILURE", "boom"))).toMatchObject({ error: { message: "boom" } });
    expect(newsFrom("RUNNING", told("FAILURE"))).toMatchObject({ error: { message: "" } });
  });

  it("R-125: a RETRY that is known already does not take back that the next attempt runs", () => {
    const retry = { ...told("RETRY", { exc_type: "ValueError", exc_message: ["no luck"] }), traceback: "Traceback …" };
    const error = { code: "ValueError", message: "in other words: no luck", traceback: "Traceback …" };
    expect(newsFrom("RUNNING", retry, error)).toBeNull();
    expect(newsFrom("RUNNING", retry, { ...error, traceback: "Traceback of another …" })).toMatchObject({
      state: "BACKING_OFF",
    });
    expect(newsFrom("RUNNING", retry, null)).toMatchObject({ state: "BACKING_OFF" });
    expect(newsFrom("PENDING", retry, error)).toMatchObject({ state: "BACKING_OFF" });
  });

  it("R-127: of one that is retried once more the exception of the later attempt is news", () => {
    const retry = { ...told("RETRY", { exc_type: "KeyError", exc_message: ["b"] }), traceback: "Traceback of b" };
    const error = { code: "ValueError", message: "a", traceback: "Traceback of a" };
    expect(newsFrom("BACKING_OFF", retry, error)).toEqual({
      state: "BACKING_OFF",
      error: { code: "KeyError", message: "b", traceback: "Traceback of b" },
    });
    expect(newsFrom("BACKING_OFF", retry, { ...error, code: "KeyError", traceback: "Traceback of b" })).toBeNull();
  });

  it("R-139: what a task tells in a state of its own is metadata, and its progress", () => {
    expect(newsFrom("RUNNING", told("CRAWLING", { current: 30, total: 120, status: "page 30" }))).toEqual({
      state: "RUNNING",
      metadata: { current: 30, total: 120, status: "page 30" },
      progress: { step: "CRAWLING", percent: 25, message: "page 30" },
    });
    expect(newsFrom("PENDING", told("PROGRESS", { progress_percent: 70, progress_step: "3/4" }))).toMatchObject({
      state: "RUNNING",
      progress: { step: "3/4", percent: 70 },
    });
    expect(newsFrom("RUNNING", told("PROGRESS", { current: 7, total: 0 }))).toMatchObject({
      progress: { step: "PROGRESS" },
    });
    expect(newsFrom("RUNNING", told("UPLOADING", "half"))).toEqual({
      state: "RUNNING",
      progress: { step: "UPLOADING" },
    });
    for (const state of FINAL_STATES) expect(newsFrom(state, told("PROGRESS", { current: 1, total: 2 }))).toBeNull();
  });

  it("a result that cannot be shown costs no state: why it is not there is kept", () => {
    const without = (status: string) => ({ ...told(status), leftOut: "it is too large" });
    expect(newsFrom("RUNNING", without("SUCCESS"))).toEqual({
      state: "COMPLETED",
      metadata: { celery_result_left_out: "it is too large" },
    });
    expect(newsFrom("RUNNING", without("FAILURE"))).toMatchObject({
      state: "FAILED",
      error: { message: "it is too large" },
    });
    expect(newsFrom("PENDING", without("PROGRESS"))).toMatchObject({
      state: "RUNNING",
      metadata: { celery_result_left_out: "it is too large" },
    });
  });

  it("who ran it is told with the state", () => {
    const by = (status: string) => ({ ...told(status, {}), worker: "celery@a" });
    for (const status of ["STARTED", "PROGRESS", "RETRY", "SUCCESS", "FAILURE", "REVOKED"]) {
      expect(newsFrom("PENDING", by(status))).toMatchObject({ workerId: "celery@a" });
    }
  });

  it.each([
    ["RECEIVED", null],
    ["REJECTED", null],
    ["", null],
    ["PROGRESS", "RUNNING"],
    ["IGNORED", "CANCELLED"],
    ["REVOKED", "CANCELLED"],
  ])("states beyond the six are understood: %j", (status, state) => {
    expect(newsFrom("PENDING", told(status))?.state ?? null).toBe(state);
  });
});

describe("a result of any kind", () => {
  it.each([[null], [0], ["text"], [[1, { a: 2 }]], [{}], [{ $value: 1, other: 2 }], [{ value: 1 }], [{ $value: 1 }]])(
    "is read as it was: %j",
    (value) => {
      expect(valueOf(resultOf(value))).toEqual(value);
    },
  );
});
