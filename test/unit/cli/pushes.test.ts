import { describe, expect, it, onTestFinished } from "vitest";
import { batchDefinitionId } from "../../../src/domain/approval/platform-push.ts";
import type { InstanceRecord } from "../../../src/domain/instance/instance.ts";
import { rowsOf } from "../../../src/store/memory/tables.ts";
import { aSession, aWorkItem } from "../../contract/store/given-approvals.ts";
import { anApiServer } from "../../support/api-server.ts";
import type { Answers } from "../../support/fake-runtime.ts";
import { MANUAL_START_AT } from "../../support/manual-clock.ts";
import { anAttempt, anInstance, ended } from "../../support/records.ts";
import { aMetadata, aPush } from "../server/approvals/given.ts";
import { untilBatchEnds } from "../../../src/cli/pushes/until-batch-ends.ts";
import { belfryHere, jsonHere } from "./belfry-here.ts";

async function given(answers: Answers, ...records: readonly InstanceRecord[]) {
  const api = await anApiServer({ answers });
  onTestFinished(() => api[Symbol.asyncDispose]());
  api.runtime.put(...records);
  return { api, env: { BELFRY_SERVER: api.url } };
}

const RESULT = { class: "permanent", code: "40001", message: "no such app" };
const failed = () =>
  ended(aPush({ id: "push1" }), "FAILED", {
    attemptCount: 2,
    error: { code: "40001", message: "no such app", traceback: "" },
    metadata: aMetadata({ result: RESULT }),
  });

function anAttemptOfIt() {
  const exchange = {
    request: { method: "POST", url: "https://jz/task", headers: {}, body: "{}", bodyBytes: 2, isCut: false },
    response: { status: 200, headers: {}, body: '{"errcode":40001}', isCut: false },
    error: null,
    durationMs: 12,
  };
  const steps = [{ operation: "insert", thirdId: "77_9001", ...RESULT, exchange }];
  return anAttempt({ instanceId: "push1", outcome: "FAILED", exchange: { steps, stepsLeftOut: 1 } });
}

describe("belfry pushes", () => {
  it("list shows one in a line", async () => {
    const { env } = await given({}, failed());
    const { out } = await belfryHere(["pushes", "list", "--platform", "p1", "--state", "failed"], env);
    expect(out.split("\n")[1]).toMatch(/^push1 +p1 +77_9001 +receive +FAILED +1  .*  permanent 40001: no such app$/u);
    expect((await belfryHere(["pushes", "list", "--session", "78"], env)).err).toEqual(["No pushes."]);
    expect(await jsonHere(["pushes", "list", "--deletions"], env)).toEqual({ pushLogs: [], nextPageToken: "" });
  });

  it("show, error and exchanges say what it was and what came of it", async () => {
    const { api, env } = await given({}, failed());
    rowsOf(api.runtime.tables.attempts, "push1").set(1, anAttemptOfIt());
    const show = await belfryHere(["pushes", "show", "push1"], env);
    expect(show.out).toMatch(/^state +FAILED$/mu);
    expect(show.out).toMatch(/^result +permanent 40001: no such app$/mu);
    const error = await belfryHere(["pushes", "error", "push1"], env);
    expect(error.out).toMatch(/^The platform refused it for good/u);
    expect(error.out).toMatch(/^answered +HTTP 200$/mu);
    const { out } = await belfryHere(["pushes", "exchanges", "push1"], env);
    expect(out).toMatch(/^Attempt 1, .*: insert 77_9001$/mu);
    expect(out).toMatch(/^came to +permanent 40001: no such app$/mu);
    expect(out).toMatch(/^sent +POST https:\/\/jz\/task$/mu);
    expect(out).toMatch(/^1 more of this attempt are not kept\.$/mu);
  });

  it("push tells a platform how an item stands, or a session", async () => {
    const asked: unknown[] = [];
    const { api, env } = await given({
      pushes: {
        push: async (sessionId, { push }) => {
          asked.push([sessionId, push.workItemId, push.action]);
          return { instance: aPush({ id: "push2", push: { ...push, sessionId } }) };
        },
      },
    });
    api.runtime.tables.sessions.set("77", aSession({ session: { id: "77" } }));
    api.runtime.tables.workItems.set("9001", aWorkItem({ item: { id: "9001", sessionId: "77" } }));
    expect((await belfryHere(["pushes", "push", "p1", "9001"], env)).out).toMatch(/^id +push2$/mu);
    await belfryHere(["pushes", "push", "p1", "--session", "77", "--action", "task_abort"], env);
    expect(asked).toEqual([
      ["77", "9001", "manual"],
      ["77", null, "task_abort"],
    ]);
    const { code, err } = await belfryHere(["pushes", "push", "p1"], env);
    expect([code, err]).toEqual([1, ["belfry: Name one: a work item, or a session with --session."]]);
  });

  it("batch begins one, and follows it to its end", async () => {
    const counts = { total: 4, submitted: 4, succeeded: 3, failed: 1, skipped: 0, superseded: 0 };
    const spec = { definitionId: batchDefinitionId("p1"), action: { kind: "job", job: "batch-push" } as const };
    const batch = ended(anInstance({ id: "b1", spec, life: { metadata: { batch: counts } } }), "COMPLETED");
    const asked: unknown[] = [];
    const { env } = await given(
      {
        pushes: {
          batch: async (platformId, command) => {
            asked.push([platformId, command.filter, command.pageSize, command.force]);
            return { instance: batch };
          },
        },
      },
      batch,
    );
    const words = "pushes batch p1 --app 12 --state open,done --page-size 10 --force --follow".split(" ");
    const { out, err } = await belfryHere(words, env);
    expect(asked).toEqual([["p1", { appId: "12", states: ["OPEN", "DONE"] }, 10, true]]);
    const progress = "4 of 4 (100 %): 3 succeeded, 1 failed, 0 skipped, 0 superseded";
    expect(err).toEqual([progress]);
    expect(out).toMatch(/^state +COMPLETED$/mu);
    expect(await jsonHere(["pushes", "batch-status", "b1"], env)).toMatchObject({ batch: { done: "4", percent: 100 } });
  });

  it("batch tells of those of sessions in some states (R-063)", async () => {
    const asked: unknown[] = [];
    const { env } = await given({
      pushes: {
        batch: async (_, { filter }) => {
          asked.push(filter);
          return { instance: anInstance({ id: "b1" }) };
        },
      },
    });
    await belfryHere("pushes batch p1 --session-status running".split(" "), env);
    await belfryHere("pushes batch p1 --session-status completed,ABORTED --session-status revoked".split(" "), env);
    expect(asked).toEqual([{ sessionStates: ["RUNNING"] }, { sessionStates: ["COMPLETED", "ABORTED", "REVOKED"] }]);
    const { code, err } = await belfryHere("pushes batch p1 --session-status done".split(" "), env);
    expect([code, asked.length]).toEqual([1, 2]);
    expect(err.join("\n")).toContain("draft, running, suspended, completed, aborted, rejected, revoked");
  });

  it("following tells what is new, until the batch has ended", async () => {
    const { env, api } = await given({});
    const { createBelfryClient } = await import("../../../src/client/index.ts");
    const client = createBelfryClient(env.BELFRY_SERVER);
    onTestFinished(() => client.close());
    const counts = { total: 2, submitted: 0, succeeded: 0, failed: 0, skipped: 0, superseded: 0 };
    const spec = { definitionId: batchDefinitionId("p1"), action: { kind: "job", job: "batch-push" } as const };
    const at = (succeeded: number) =>
      anInstance({ id: "b1", spec, life: { metadata: { batch: { ...counts, succeeded } } } });
    const next = [at(0), at(1), ended(at(2), "COMPLETED")];
    api.runtime.put(at(0));
    const told: string[] = [];
    await untilBatchEnds({
      clock: {
        sleep: async () => {
          const record = next.shift();
          if (record !== undefined) api.runtime.put(record);
        },
      },
      getBatch: async () => (await client.pushes.getBatchPush({ batchId: "b1" })).batch,
      tell: (words) => told.push(words.split(":")[0] ?? ""),
    });
    expect(told).toEqual(["0 of 2 (0 %)", "1 of 2 (50 %)", "2 of 2 (100 %)"]);
  });

  it("drift shows what a platform should believe, and reconcile begins a run", async () => {
    const entry = {
      platformId: "p1",
      sessionId: "77",
      workItemId: "9001",
      thirdId: "77_9001",
      desired: "RUNNING",
      acknowledged: null,
      reason: "FAILED",
      failures: 2,
      failedAt: MANUAL_START_AT,
      pushId: "push1",
    } as const;
    const { env } = await given({
      pushes: {
        drift: async () => ({ entries: [entry], next: null }),
        reconcile: async () => ({ instance: anInstance({ id: "sweep1" }) }),
      },
    });
    const { out } = await belfryHere(["pushes", "drift", "p1"], env);
    expect(out.split("\n")[1]).toMatch(/^77_9001 +RUNNING +- +FAILED +2 .*  push1$/u);
    expect((await belfryHere(["pushes", "reconcile"], env)).out).toBe("It runs as instance sweep1.\n");
  });
});
