import { describe, expect, test } from "vitest";
import { refusesItems } from "../../../support/platforms/ttc-answers.ts";
import { aShuwei } from "../../../support/platforms/shuwei.ts";
import { type TtcOptions, TTC } from "../../../support/platforms/ttc.ts";
import { ask } from "./asking.ts";
import { aTtcToken, errorIds } from "./ttc-client.ts";

async function aClient(options: TtcOptions = {}) {
  const platform = await aShuwei(options);
  const authorization = await aTtcToken(platform);
  const call = (path: string, body: unknown, method: "POST" | "PUT" = "POST") =>
    ask(platform, method, TTC.prefix + path, body, { authorization });
  return {
    platform,
    call,
    add: (more = {}) => call("addTransaction", [{ ...TASK, ...more }]),
    handle: (more = {}) => call("taskHandle", [{ ...HANDLING, ...more }]),
    urge: (more = {}) => call("taskCuiBanNew", { ...URGE, ...more }),
    [Symbol.asyncDispose]: () => platform[Symbol.asyncDispose](),
  };
}

const TASK = {
  appId: "APP",
  taskId: "77_9001",
  previousTaskId: "77_9000",
  taskName: "张三的请假",
  handlers: "10086,10087",
  initiator: "2021001",
  initiatorName: "张三",
  nodeId: "n3",
  nodeName: "部门审核",
  transTypeCode: "LEAVE",
  transTypeName: "请假",
  autoCreateTransType: true,
  transcationName: "张三的请假",
  serialNumber: "77",
  viewUrl: "https://h/v",
  handleUrl: "https://h/h",
  mViewUrl: "https://h/mv",
  mHandleUrl: "https://h/mh",
};
const HANDLING = {
  appId: "APP",
  handler: "10086",
  previousTaskId: "77_9001",
  handleOpinions: "同意",
  handleTime: "2026-01-02 03:04:05",
  status: "none",
};
const URGE = { appId: "APP", taskId: "77_9001", creator: "2021001", instructions: "请尽快办理" };
const DELETION = { appId: "APP", taskId: "77_9001", creator: "2021001" };

describe("树维 V1 believes", () => {
  test("a task of several handlers until one of them has done it", async () => {
    await using client = await aClient();
    const { believes } = client.platform;
    expect(errorIds(await client.add())).toEqual([]);
    expect(believes.todosOf("10086")).toEqual(["77_9001"]);
    expect(believes.todosOf("10087")).toEqual(["77_9001"]);
    expect(believes.instance("77")?.status).toBe("IN_PROGRESS");
    expect(errorIds(await client.handle())).toEqual([]);
    expect(believes.doneOf("10086")).toEqual(["77_9001"]);
    expect(believes.todosOf("10087")).toEqual([]);
    expect(believes.doneOf("10087")).toEqual([]);
    expect(client.platform.violations).toEqual([]);
  });

  test("that the last task ends the transaction, and that a second completion is a repetition", async () => {
    await using client = await aClient();
    await client.add();
    await client.handle({ status: "end" });
    expect(client.platform.believes.instance("77")?.status).toBe("FINISH");
    expect(errorIds(await client.handle({ status: "end" }))).toEqual([]);
    expect(client.platform.believes.repeated).toMatchObject([{ id: "77_9001" }]);
  });

  test("that a task without a serial number belongs to the transaction of the one before it", async () => {
    await using client = await aClient();
    await client.add();
    const { serialNumber: _, ...second } = { ...TASK, taskId: "77_9002", previousTaskId: "77_9001" };
    await client.call("addTransaction", [second]);
    expect(client.platform.believes.tasksOf("77").map(({ id }) => id)).toEqual(["77_9001", "77_9002"]);
  });

  test("a transfer once, however often it is told, and none by who does not have it", async () => {
    await using client = await aClient();
    const { believes } = client.platform;
    await client.add({ handlers: "10086" });
    const transfer = (handler: string, transferTo: string) =>
      client.call("taskTransfer", [{ appId: "APP", taskId: "77_9001", handler, transferTo, handleOpinions: "" }]);
    expect(errorIds(await transfer("10086", "10087"))).toEqual([]);
    expect(errorIds(await transfer("10086", "10087"))).toEqual([]);
    expect(believes.todosOf("10086")).toEqual([]);
    expect(believes.todosOf("10087")).toEqual(["77_9001"]);
    expect(errorIds(await transfer("10086", "10088"))).toMatchObject([{ code: 500, taskId: "77_9001" }]);
    expect(errorIds(await transfer("10099", "10087"))).toMatchObject([{ code: 500 }]);
    expect(believes.todosOf("10087")).toEqual(["77_9001"]);
    expect(client.platform.refusals).toMatchObject([{ kind: "order" }, { kind: "order" }]);
  });

  test("that nothing is to do in a transaction that was terminated, and that it is again when it goes on", async () => {
    await using client = await aClient();
    const { believes } = client.platform;
    await client.add();
    await client.add({ taskId: "77_9002" });
    const termination = { appId: "APP", taskId: "77_9001", creator: "2021001", handleOpinions: "终止" };
    expect(errorIds(await client.call("taskTerminate", [termination]))).toEqual([]);
    expect(believes.instance("77")?.status).toBe("BREAK_UP");
    expect(believes.todosOf("10086")).toEqual([]);
    await client.call("todo/updateTransaction", [{ transactionId: "77", status: "IN_PROGRESS" }], "PUT");
    expect(believes.todosOf("10086")).toEqual(["77_9001", "77_9002"]);
    expect(believes.reopened).toMatchObject([{ what: "instance", id: "77" }]);
    expect(client.platform.violations).toEqual([]);
  });

  test("urges of what is open", async () => {
    await using client = await aClient();
    await client.add();
    await client.urge();
    expect(client.platform.believes.urges).toMatchObject([{ id: "77_9001", by: "2021001", words: "请尽快办理" }]);
    await client.handle();
    expect((await client.urge()).body).toMatchObject({ code: 500, message: "催办失败:任务已办理" });
  });

  test("that a deletion takes the transaction along, and all that is in it", async () => {
    await using client = await aClient();
    await client.add();
    await client.add({ taskId: "77_9002" });
    expect(errorIds(await client.call("todo/deleteTask", [DELETION]))).toEqual([]);
    expect(client.platform.believes.tasks).toEqual([]);
    expect(client.platform.believes.instance("77")).toBeUndefined();
    const other = await client.call("todo/deleteTask", [{ ...DELETION, taskId: "77_9002" }]);
    expect(errorIds(other)).toMatchObject([{ code: 2008, taskId: "77_9002" }]);
    expect(errorIds(await client.call("todo/deleteTask", [DELETION]))).toMatchObject([{ code: 2004 }]);
  });
});

describe("树维 V1 says in errorIds", () => {
  test("2004 of a task that it does not know, with an outer code of 0", async () => {
    await using client = await aClient();
    expect(await client.handle()).toMatchObject({
      status: 200,
      body: { code: 0, data: { errorIds: [{ code: 2004, taskId: "77_9001", message: "this task is not exist" }] } },
    });
    expect((await client.urge()).body).toMatchObject({ code: 500, message: "催办失败:taskId不存在" });
    expect(client.platform.violations).toEqual([]);
  });

  test("500 to who does not have the task", async () => {
    await using client = await aClient();
    await client.add();
    expect(errorIds(await client.handle({ handler: "10088" }))).toMatchObject([{ code: 500 }]);
    expect(client.platform.believes.todosOf("10086")).toEqual(["77_9001"]);
  });

  test("only those of a batch that it did not do", async () => {
    await using client = await aClient();
    client.platform.faults.next(
      1,
      refusesItems(500, "业务异常", (id) => id === "77_9001"),
    );
    const answer = await client.call("addTransaction", [TASK, { ...TASK, taskId: "77_9002" }]);
    expect(errorIds(answer)).toEqual([{ code: 500, taskId: "77_9001", message: "业务异常" }]);
    expect(client.platform.believes.todosOf("10086")).toEqual(["77_9002"]);
  });

  test("a code for what is there already when it has one, else the todo stands twice", async () => {
    await using careful = await aClient({ duplicateCode: 2001 });
    await careful.add();
    expect(errorIds(await careful.add())).toMatchObject([{ code: 2001 }]);
    expect(careful.platform.duplicates).toEqual([]);
    expect(careful.platform.refusals).toMatchObject([{ kind: "duplicate", code: "2001" }]);
    await using careless = await aClient();
    await careless.add();
    expect(errorIds(await careless.add())).toEqual([]);
    expect(careless.platform.duplicates).toMatchObject([{ id: "77_9001" }]);
    expect(careless.platform.believes.todosOf("10086")).toEqual(["77_9001", "77_9001"]);
  });
});

describe("树维 V1 wants its token", () => {
  test("fetched with a form of client credentials, and answers 401 to a wrong secret", async () => {
    await using platform = await aShuwei({ scope: "ttc" });
    const form = { grant_type: "client_credentials", client_id: "belfry", client_secret: "x", scope: "ttc" };
    expect((await ask(platform, "POST", TTC.tokenPath, new URLSearchParams(form))).status).toBe(401);
    const wrong = new URLSearchParams({ ...form, scope: "other", grant_type: "password" });
    expect((await ask(platform, "POST", TTC.tokenPath, wrong)).status).toBe(400);
    expect((await ask(platform, "POST", TTC.tokenPath, form)).status).toBe(200);
    expect(platform.violations).toHaveLength(3);
    expect(platform.tokensIssued).toBe(0);
  });

  test("bare in Authorization, and answers 401 when it has expired", async () => {
    await using client = await aClient();
    client.platform.expireTokens();
    expect((await client.add()).status).toBe(401);
    expect(client.platform.violations).toEqual([]);
    const authorization = `Bearer ${await aTtcToken(client.platform)}`;
    const answer = await ask(client.platform, "POST", `${TTC.prefix}addTransaction`, [TASK], { authorization });
    expect(answer.status).toBe(401);
    expect(client.platform.violations).toHaveLength(1);
  });
});

describe("树维 V1 does not take", () => {
  const { handlers: _, ...forNobody } = TASK;
  test.each([
    ["transactionName", { ...TASK, transactionName: "x" }, "transactionName is not a field of it"],
    ["mviewUrl", { ...TASK, mviewUrl: "" }, "it is spelled mViewUrl"],
    ["a task for nobody", forNobody, "needs handlers or handlingGroup"],
    ["handlers with spaces", { ...TASK, handlers: "1, 2" }, "handlers must be like a,b"],
    ["six summaries", { ...TASK, taskSummary: Array.from({ length: 6 }, () => "a|b") }, "taskSummary may have 5"],
    ["another application", { ...TASK, appId: "OTHER" }, "appId is not registered"],
    ["a number as id", { ...TASK, taskId: 9001 }, "taskId must be a text"],
  ])("%s", async (_what, item, finding) => {
    await using client = await aClient();
    expect(errorIds(await client.call("addTransaction", [item]))).toMatchObject([{ code: 400 }]);
    expect(client.platform.violations).toEqual([expect.stringContaining(finding)]);
    expect(client.platform.believes.tasks).toEqual([]);
  });

  test("a task where it takes a list, a list where it takes one", async () => {
    await using client = await aClient();
    expect((await client.call("addTransaction", TASK)).body).toMatchObject({ code: 400 });
    expect((await client.call("taskCuiBanNew", [URGE])).body).toMatchObject({ code: 400 });
    await client.call("taskHandle", [{ ...HANDLING, taskId: "77_9001" }]);
    await client.call("todo/updateTransaction", [{ transactionId: "77", status: "DONE" }]);
    expect(client.platform.violations).toHaveLength(4);
  });
});
