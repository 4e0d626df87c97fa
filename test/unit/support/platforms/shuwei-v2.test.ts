import { describe, expect, test } from "vitest";
import { aShuweiV2, type ShuweiV2Options } from "../../../support/platforms/shuwei-v2.ts";
import { TTC } from "../../../support/platforms/ttc.ts";
import { ask } from "./asking.ts";
import { aTtcToken, errorIds } from "./ttc-client.ts";

async function aClient(options: ShuweiV2Options = {}) {
  const platform = await aShuweiV2(options);
  const authorization = await aTtcToken(platform);
  const call = (path: string, body: unknown) => ask(platform, "POST", TTC.prefix + path, body, { authorization });
  return {
    platform,
    call,
    add: (more = {}) => call("todo/addTask", [{ ...TASK, ...more }]),
    handle: (more = {}) => call("todo/handleTask", [{ ...HANDLING, ...more }]),
    update: (status: string) => call("todo/updateTransaction", [{ transactionId: "77", status, editAccount: "10086" }]),
    [Symbol.asyncDispose]: () => platform[Symbol.asyncDispose](),
  };
}

const TASK = {
  appId: "APP",
  taskId: "77_9001",
  transactionId: "77",
  transactionName: "张三的请假",
  taskName: "部门审核",
  transTypeCode: "LEAVE",
  handlers: "10086",
  initiator: "2021001",
  initiatorName: "张三",
  viewUrl: "https://h/v",
  handleUrl: "https://h/h",
  mviewUrl: "https://h/mv",
  mhandleUrl: "https://h/mh",
};
const HANDLING = {
  appId: "APP",
  taskId: "77_9001",
  transactionId: "77",
  handler: "10086",
  handleOpinions: "同意",
  handleTime: "2026-01-02 03:04:05",
};

describe("树维 V2 believes", () => {
  test("a life: added, done, followed by another, finished", async () => {
    await using client = await aClient();
    const { believes } = client.platform;
    await client.add();
    await client.handle();
    await client.add({ taskId: "77_9002", handlers: "10087" });
    expect(believes.todosOf("10087")).toEqual(["77_9002"]);
    await client.handle({ taskId: "77_9002", handler: "10087" });
    expect(errorIds(await client.update("FINISH"))).toEqual([]);
    expect(believes.doneOf("10086")).toEqual(["77_9001"]);
    expect(believes.doneOf("10087")).toEqual(["77_9002"]);
    expect(believes.instance("77")?.status).toBe("FINISH");
    expect(believes.openTasks).toEqual([]);
    expect(client.platform.violations).toEqual([]);
    expect(client.platform.refusals).toEqual([]);
  });

  test("that a transaction which hangs keeps its todos, one that broke up hides them", async () => {
    await using client = await aClient();
    const { believes } = client.platform;
    await client.add();
    await client.update("HANG_UP");
    expect(believes.todosOf("10086")).toEqual(["77_9001"]);
    await client.update("BREAK_UP");
    expect(believes.todosOf("10086")).toEqual([]);
    await client.update("IN_PROGRESS");
    expect(believes.todosOf("10086")).toEqual(["77_9001"]);
  });

  test("which channels a message was wanted over", async () => {
    await using client = await aClient();
    await client.add({ msgChannels: ["SMS", "WECHAT"] });
    expect(client.platform.believes.messages).toMatchObject([
      { id: "77_9001", to: ["10086"], channels: ["SMS", "WECHAT"] },
    ]);
  });
});

test("树维 V2 says 2009 of a transaction and 2004 of a task that it does not know", async () => {
  await using client = await aClient();
  expect(errorIds(await client.update("FINISH"))).toEqual([
    { code: 2009, taskId: "77", message: "the transaction is not exist" },
  ]);
  expect(errorIds(await client.handle())).toMatchObject([{ code: 2004, taskId: "77_9001" }]);
  expect(client.platform.refusals.map(({ kind }) => kind)).toEqual(["unknown", "unknown"]);
  expect(client.platform.violations).toEqual([]);
});

describe("树维 V2 does not take", () => {
  test.each([
    ["transcationName", { transcationName: "x" }, "transcationName is not a field of it"],
    ["mViewUrl", { mViewUrl: "" }, "it is spelled mviewUrl"],
    ["no channel at all", { msgChannels: [] }, "msgChannels needs 1 or more"],
    ["a transaction without id", { transactionId: "" }, "transactionId must be a text that is not empty"],
  ])("%s", async (_what, wrong, finding) => {
    await using client = await aClient();
    expect(errorIds(await client.add(wrong))).toMatchObject([{ code: 400 }]);
    expect(client.platform.violations).toEqual([expect.stringContaining(finding)]);
  });

  test("a completion under another transaction", async () => {
    await using client = await aClient();
    await client.add();
    expect(errorIds(await client.handle({ transactionId: "78" }))).toMatchObject([{ code: 400 }]);
    expect(client.platform.violations).toHaveLength(1);
    expect(client.platform.believes.todosOf("10086")).toEqual(["77_9001"]);
  });

  test("the paths of V1", async () => {
    await using client = await aClient();
    expect((await client.call("addTransaction", [TASK])).status).toBe(404);
    expect((await client.call("taskTransfer", [])).status).toBe(404);
  });
});
