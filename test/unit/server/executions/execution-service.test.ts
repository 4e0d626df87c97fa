import { describe, expect, it } from "vitest";
import { refusalOf } from "../../../support/api-in-process.ts";
import { MANUAL_START_AT } from "../../../support/manual-clock.ts";
import { executionsHere, type ExecutionsHere } from "./given.ts";

const CELERY_1 = {
  taskId: "celery-1",
  taskName: "cloud_billing.collect",
  module: "cloud_billing",
  createdBy: "u1",
  args: [1],
  kwargs: { a: 2 },
  metadata: { order_id: "42" },
  status: "STARTED",
};

async function idsOf({ call }: ExecutionsHere, filter: Parameters<ExecutionsHere["call"]>[1] = {}) {
  const { executions = [] } = await call("listExecutions", filter);
  return (executions as unknown as readonly { taskId: string }[]).map(({ taskId }) => taskId);
}

describe("ExecutionService", () => {
  it("R-124, R-126, R-134: answers as the examples of its contract", async () => {
    const here = await executionsHere();
    const registered = await here.call("registerExecution", CELERY_1);
    const startedAt = new Date(MANUAL_START_AT).toISOString().replace(".000Z", "Z");
    expect(registered).toMatchObject({
      execution: {
        ...CELERY_1,
        running: true,
        attemptCount: 1,
        state: "INSTANCE_STATE_RUNNING",
        createTime: startedAt,
        startTime: startedAt,
      },
    });
    await here.clock.advance(2500);
    const updated = await here.call("updateExecution", {
      taskId: "celery-1",
      status: "FAILURE",
      error: "no luck",
      traceback: "File …",
      metadata: { progress_percent: 70 },
    });
    expect(updated).toMatchObject({
      execution: {
        status: "FAILURE",
        completed: true,
        error: "no luck",
        traceback: "File …",
        metadata: { order_id: "42", progress_percent: 70 },
        progress: { percent: 70 },
        duration: "2.500s",
      },
    });
    expect(updated).not.toHaveProperty("statusIgnored");
    expect(
      await idsOf(here, { module: "cloud_billing", metadata: { order_id: "42" }, createdAfter: startedAt }),
    ).toEqual(["celery-1"]);
    expect(await here.call("getExecutionStats", { granularity: "GRANULARITY_DAY" })).toMatchObject({
      total: "1",
      counts: [{ status: "FAILURE", count: "1" }],
      successRate: 0,
    });
  });

  it("R-124: registering again answers with what there is", async () => {
    const { call } = await executionsHere();
    await call("registerExecution", CELERY_1);
    expect(await call("registerExecution", { ...CELERY_1, module: "another", status: "SUCCESS" })).toMatchObject({
      existing: true,
      execution: { module: "cloud_billing", status: "STARTED" },
    });
  });

  it("R-126: a status that is not taken over is said, with the reason", async () => {
    const { call } = await executionsHere();
    await call("registerExecution", CELERY_1);
    expect(await call("updateExecution", { taskId: "celery-1", status: "PENDING" })).toMatchObject({
      execution: { status: "STARTED" },
      statusIgnored: true,
      statusIgnoredReason:
        "It is STARTED already and was told to be PENDING: what has begun does not become what has not.",
    });
    await call("updateExecution", { taskId: "celery-1", status: "FAILURE" });
    expect(
      await call("updateExecution", { taskId: "celery-1", status: "SUCCESS", metadata: { late: true } }),
    ).toMatchObject({
      execution: { status: "FAILURE", metadata: { late: true } },
      statusIgnored: true,
      statusIgnoredReason: "It ended as FAILURE, which is never undone; it was told to be SUCCESS.",
    });
  });

  it.each([[42], ["text"], [[1, 2]], [{ sum: 3 }], [true], [null]])(
    "R-126: any JSON is a result: %j",
    async (result) => {
      const { call, execution } = await executionsHere();
      await call("registerExecution", { taskId: "t", taskName: "n" });
      await call("updateExecution", { taskId: "t", status: "SUCCESS", result });
      expect((await execution("getExecution", { taskId: "t" }))["result"]).toEqual(result);
    },
  );

  it("R-136: words of other projects are understood, and what they mean beyond the status is kept", async () => {
    const { execution, ...here } = await executionsHere();
    expect(await execution("registerExecution", { taskId: "a", taskName: "n", status: "running" })).toMatchObject({
      status: "STARTED",
    });
    expect(await execution("updateExecution", { taskId: "a", status: "newshub:partial" })).toMatchObject({
      status: "FAILURE",
      metadata: { original_status: "partial" },
    });
    expect(await execution("registerExecution", { taskId: "b", taskName: "n", status: "cancelled" })).toMatchObject({
      status: "REVOKED",
    });
    expect(await idsOf({ execution, ...here }, { statuses: ["failed", "REVOKED"] })).toEqual(["b", "a"]);
  });

  it("R-139: clients that wait read status and progress", async () => {
    const { call } = await executionsHere();
    await call("registerExecution", CELERY_1);
    await call("updateExecution", {
      taskId: "celery-1",
      metadata: { progress_percent: 30, progress_message: "reading", progress_step: "load" },
    });
    expect(await call("getExecutionStatus", { taskId: "celery-1" })).toMatchObject({
      taskId: "celery-1",
      status: "STARTED",
      running: true,
      progress: { percent: 30, message: "reading", step: "load" },
    });
    await call("updateExecution", { taskId: "celery-1", progress: { percent: 40 } });
    expect(await call("getExecutionStatus", { taskId: "celery-1" })).toMatchObject({
      progress: { percent: 40, step: "load" },
    });
  });

  it("R-134, R-138: lists by every filter, in pages, with the keys of metadata that are asked for", async () => {
    const here = await executionsHere();
    for (const [index, taskId] of ["a", "b", "c", "d"].entries()) {
      await here.call("registerExecution", {
        ...CELERY_1,
        taskId,
        taskName: index < 2 ? "billing.collect" : "news.fetch",
        createdBy: index % 2 === 0 ? "u1" : "u2",
        metadata: { order_id: String(index), host: "h" },
        labels: { env: index === 3 ? "test" : "live" },
        ...(index === 2 && { businessId: "o-7" }),
      });
      await here.clock.advance(1000);
    }
    await here.call("updateExecution", { taskId: "b", status: "SUCCESS" });
    const cases: readonly (readonly [Parameters<ExecutionsHere["call"]>[1], readonly string[]])[] = [
      [{}, ["d", "c", "b", "a"]],
      [{ module: "cloud_billing" }, ["d", "c", "b", "a"]],
      [{ module: "news" }, []],
      [{ taskName: "news.fetch" }, ["d", "c"]],
      [{ statuses: ["SUCCESS"] }, ["b"]],
      [{ statuses: ["SUCCESS", "STARTED"], createdBy: "u2" }, ["d", "b"]],
      [{ createdBy: "u1" }, ["c", "a"]],
      [{ search: "COLLECT" }, ["b", "a"]],
      [{ metadata: { order_id: "3", host: "h" } }, ["d"]],
      [{ businessId: "o-7" }, ["c"]],
      [{ labels: { env: "test" } }, ["d"]],
      [{ createdBefore: new Date(MANUAL_START_AT + 1000).toISOString() }, ["a"]],
    ];
    for (const [filter, ids] of cases) expect(await idsOf(here, filter), JSON.stringify(filter)).toEqual(ids);
    const page = await here.call("listExecutions", { pageSize: 3, metadataFields: ["order_id", "none"] });
    expect(page["executions"]).toMatchObject([
      { taskId: "d", metadata: { order_id: "3" } },
      { taskId: "c" },
      { taskId: "b" },
    ]);
    const pageToken = page["nextPageToken"] as string;
    expect(await idsOf(here, { pageSize: 3, pageToken, metadataFields: ["order_id", "none"] })).toEqual(["a"]);
    await expect(refusalOf(here.call("listExecutions", { pageToken, module: "news" }))).resolves.toMatchObject({
      reason: "PAGE_TOKEN_MISMATCH",
    });
  });

  it("R-134: statistics are filled with zeroes, for 24 hours, 30 days and 12 months, with groups", async () => {
    const here = await executionsHere();
    for (const [index, orderId] of ["7", "7", "8"].entries()) {
      await here.call("registerExecution", { ...CELERY_1, taskId: `t${index}`, metadata: { order_id: orderId } });
      await here.clock.advance(60_000);
    }
    await here.call("updateExecution", { taskId: "t0", status: "FAILURE" });
    await here.call("updateExecution", { taskId: "t1", status: "SUCCESS" });
    for (const [granularity, buckets] of [
      ["GRANULARITY_DAY", 24],
      ["GRANULARITY_MONTH", 30],
      ["GRANULARITY_YEAR", 12],
    ] as const) {
      const stats = await here.call("getExecutionStats", {
        granularity,
        groupBy: "metadata.order_id",
        timeZone: "Asia/Shanghai",
      });
      const shown = stats["buckets"] as unknown as readonly { total?: string; startTime: string; endTime: string }[];
      expect(shown).toHaveLength(buckets);
      expect(shown.reduce((sum, { total }) => sum + Number(total ?? 0), 0)).toBe(3);
      expect(shown.slice(1).map(({ startTime }) => startTime)).toEqual(
        shown.slice(0, -1).map(({ endTime }) => endTime),
      );
      expect(stats).toMatchObject({
        total: "3",
        successRate: 0.5,
        durationP50: "120s",
        durationP95: "120s",
        counts: [
          { status: "STARTED", count: "1" },
          { status: "SUCCESS", count: "1" },
          { status: "FAILURE", count: "1" },
        ],
        groups: [
          { value: "8", total: "1", latestTaskId: "t2", latestStatus: "STARTED" },
          { value: "7", total: "2", latestTaskId: "t1", latestStatus: "SUCCESS", successRate: 0.5 },
        ],
      });
    }
    expect(await here.call("getExecutionStats", { module: "news" })).not.toHaveProperty("successRate");
    await expect(
      refusalOf(here.call("getExecutionStats", { groupBy: "host", timeZone: "Mars" })),
    ).resolves.toMatchObject({
      reason: "INVALID_FIELD",
      fields: ["timeZone", "groupBy"],
    });
  });

  it("R-125: what Celery knows is taken over, also when a read asks for it", async () => {
    const { call, execution } = await executionsHere({
      read: async () => ({ status: "SUCCESS", result: [1], traceback: "", doneAt: null }),
    });
    await call("registerExecution", CELERY_1);
    expect(await execution("getExecution", { taskId: "celery-1" })).toMatchObject({ status: "STARTED" });
    expect(await call("getExecutionStatus", { taskId: "celery-1", sync: true })).toMatchObject({ status: "SUCCESS" });
    expect(await call("syncExecution", { taskId: "celery-1" })).toMatchObject({ execution: { result: [1] } });
  });

  it("refuses what it cannot keep or does not know, and says what to do", async () => {
    const { call } = await executionsHere();
    const refused = (method: Parameters<typeof call>[0], request: Parameters<typeof call>[1]) =>
      refusalOf(call(method, request));
    expect(await refused("registerExecution", { ...CELERY_1, status: "done" })).toMatchObject({ fields: ["status"] });
    expect(await refused("registerExecution", { ...CELERY_1, taskId: "$execution/1" })).toMatchObject({
      fields: ["taskId"],
    });
    expect(await refused("registerExecution", { ...CELERY_1, taskId: "wf_1" })).toMatchObject({ fields: ["taskId"] });
    expect(await refused("registerExecution", { ...CELERY_1, labels: { module: "x" } })).toMatchObject({
      fields: ["labels"],
    });
    expect(await refused("updateExecution", { taskId: "nobody", status: "SUCCESS" })).toMatchObject({
      reason: "EXECUTION_NOT_FOUND",
    });
    expect(await refused("getExecution", { taskId: "nobody" })).toMatchObject({ reason: "EXECUTION_NOT_FOUND" });
    await call("registerExecution", CELERY_1);
    expect(await refused("syncExecution", { taskId: "celery-1" })).toMatchObject({ reason: "RESULT_BACKEND_MISSING" });
    const half = { big: "x".repeat(140_000) };
    await call("updateExecution", { taskId: "celery-1", metadata: half });
    expect(await refused("updateExecution", { taskId: "celery-1", metadata: { more: half.big } })).toMatchObject({
      reason: "PAYLOAD_TOO_LARGE",
    });
  });
});
