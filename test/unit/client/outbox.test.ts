import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { Outbox } from "../../../src/client/worker/outbox.ts";
import type { Report } from "../../../src/client/worker/outbox.ts";
import { RunningAttempt } from "../../../src/client/worker/running-attempt.ts";
import { AttemptSchema, InstanceSchema } from "../../../src/gen/belfry/v1/instance_pb.ts";
import { CompleteInstanceRequestSchema } from "../../../src/gen/belfry/v1/worker_service_pb.ts";

function runOf(token: string): RunningAttempt {
  return new RunningAttempt(token, create(InstanceSchema, { id: token }), create(AttemptSchema, { token }), 0);
}

function reportOf(token: string, bytes = 10): Report {
  const result = create(CompleteInstanceRequestSchema, { attemptToken: token });
  return { run: runOf(token), result, bytes, sign: undefined, refusals: 0 };
}

function openOutbox(): Outbox {
  const outbox = new Outbox();
  outbox.listen(() => {});
  return outbox;
}

function taken(outbox: Outbox): string[] {
  return outbox.take().completions.map(({ attemptToken }) => attemptToken);
}

test("a result stays until its receipt, and goes again after a broken stream in the order it came", () => {
  const outbox = openOutbox();
  for (const token of ["a", "b", "c"]) outbox.report(reportOf(token));
  expect(taken(outbox)).toEqual(["a", "b", "c"]);
  expect(outbox.isFilled).toBe(false);
  expect(outbox.acknowledged("b")?.run.token).toBe("b");
  outbox.report(reportOf("d"));
  outbox.rewind();
  expect(outbox.unsettled).toBe(3);
  expect(taken(outbox)).toEqual(["a", "c", "d"]);
  for (const token of ["a", "c", "d"]) outbox.acknowledged(token);
  expect(outbox.isSettled).toBe(true);
  expect(outbox.acknowledged("a")).toBeUndefined();
});

test("a result held back waits for its release, or for the next stream", () => {
  const outbox = openOutbox();
  for (const token of ["a", "b"]) {
    outbox.report(reportOf(token));
    outbox.take();
    const report = outbox.acknowledged(token);
    if (report) outbox.hold(report);
  }
  expect(outbox.isFilled).toBe(false);
  expect(outbox.isSettled).toBe(false);
  expect(outbox.heldRuns().map((run) => run.token)).toEqual(["a", "b"]);
  outbox.release("a");
  expect(taken(outbox)).toEqual(["a"]);
  outbox.rewind();
  expect(taken(outbox)).toEqual(["a", "b"]);
  outbox.release("b");
  expect(outbox.isFilled).toBe(false);
});

test("large results are spread over messages; one that is larger than a message goes alone", () => {
  const outbox = openOutbox();
  const half = 600_000;
  for (const [token, bytes] of [
    ["a", half],
    ["b", half],
    ["c", 5_000_000],
    ["d", 1],
  ] as const) {
    outbox.report(reportOf(token, bytes));
  }
  expect([taken(outbox), taken(outbox), taken(outbox), taken(outbox)]).toEqual([["a"], ["b"], ["c"], ["d"]]);
});

test("signs of one attempt are merged until they go, and go with its result when that comes first", () => {
  const outbox = openOutbox();
  const run = runOf("a");
  run.reportMetadata({ rows: 1, file: "x" });
  outbox.sign(run.sign(0));
  run.reportProgress({ percent: 50, step: "half", message: "" });
  run.reportMetadata({ rows: 2 });
  outbox.sign(run.sign(1));
  outbox.report({ ...reportOf("a"), run });
  const { heartbeats, completions } = outbox.take();
  expect(completions).toHaveLength(1);
  expect(heartbeats).toMatchObject([{ progress: { percent: 50 }, metadata: { rows: 2, file: "x" } }]);
  expect(heartbeats).toHaveLength(1);
  expect(outbox.isFilled).toBe(false);
});

test("after a broken stream a result brings everything its attempt ever told", () => {
  const outbox = openOutbox();
  const run = runOf("a");
  run.reportMetadata({ file: "x" });
  outbox.sign(run.sign(0));
  outbox.take();
  outbox.report({ ...reportOf("a"), run });
  expect(outbox.take().heartbeats).toEqual([]);
  outbox.rewind();
  expect(outbox.take().heartbeats).toMatchObject([{ attemptToken: "a", metadata: { file: "x" } }]);
});

test("the slots are told once", () => {
  const outbox = openOutbox();
  outbox.setSlots(0);
  expect(outbox.take().slots).toBe(0);
  expect(outbox.isFilled).toBe(false);
  expect(outbox.take().slots).toBeUndefined();
});
