import { describe, expect, test } from "vitest";
import { aTongyidaiban, TONGYIDAIBAN, type TongyidaibanOptions } from "../../../support/platforms/tongyidaiban.ts";
import { ask } from "./asking.ts";

async function aClient(options: TongyidaibanOptions = {}) {
  const platform = await aTongyidaiban(options);
  const { body } = await ask(platform, "POST", TONGYIDAIBAN.tokenPath, {
    app_key: "belfry",
    app_secret: "tongyi-secret",
  });
  const { token } = (body as { data: { token: string } }).data;
  const create = (more: object = {}, authorization = `Bearer ${token}`) =>
    ask(platform, "POST", TONGYIDAIBAN.createPath, { ...TASK, ...more }, { authorization });
  return { platform, create, [Symbol.asyncDispose]: () => platform[Symbol.asyncDispose]() };
}

const TASK = {
  requestId: "r1",
  appId: 12,
  instanceId: "77",
  taskId: "9001",
  title: "张三的请假",
  nodeName: "部门审核",
  initiator: "2021001",
  handlers: ["10086"],
  status: 0,
  pcUrl: "https://h/pc",
  mobileUrl: "https://h/m",
  createTime: "2026-01-02 03:04:05",
};

test("统一待办 believes each post whole: who has it, and how it stands", async () => {
  await using client = await aClient();
  const { believes } = client.platform;
  expect(await client.create()).toMatchObject({ status: 200, body: { code: 0 } });
  expect(believes.todosOf("10086")).toEqual(["9001"]);
  await client.create({ requestId: "r2", handlers: ["10087"] });
  expect(believes.todosOf("10086")).toEqual([]);
  await client.create({ requestId: "r3", handlers: ["10087"], status: 1 });
  expect(believes.doneOf("10087")).toEqual(["9001"]);
  await client.create({ requestId: "r4", taskId: "9002" });
  await client.create({ requestId: "r5", taskId: "9002", status: 2 });
  expect(believes.todosOf("10086")).toEqual([]);
  expect(believes.doneOf("10086")).toEqual([]);
  expect(believes.reopened).toEqual([]);
  expect(client.platform.violations).toEqual([]);
});

test("统一待办 takes the same request again, and remembers a request id that came with another body", async () => {
  await using client = await aClient();
  await client.create();
  expect((await client.create()).body).toMatchObject({ code: 0 });
  expect(client.platform.believes.todosOf("10086")).toEqual(["9001"]);
  expect(client.platform.believes.repeated).toHaveLength(1);
  expect(client.platform.believes.reusedKeys).toEqual([]);
  await client.create({ status: 1 });
  expect(client.platform.believes.reusedKeys).toMatchObject([{ id: "r1" }]);
  expect(client.platform.believes.doneOf("10086")).toEqual(["9001"]);
});

describe("统一待办 answers 401", () => {
  test("to a wrong secret", async () => {
    await using platform = await aTongyidaiban();
    const answer = await ask(platform, "POST", TONGYIDAIBAN.tokenPath, { app_key: "belfry", app_secret: "x" });
    expect(answer.status).toBe(401);
    expect(platform.tokensIssued).toBe(0);
  });

  test("to a token that was used up", async () => {
    await using client = await aClient({ tokenUses: 2 });
    const statuses = [await client.create(), await client.create(), await client.create()].map(({ status }) => status);
    expect(statuses).toEqual([200, 200, 401]);
    expect(client.platform.violations).toEqual([]);
  });

  test("to a token without Bearer, which breaks the contract", async () => {
    await using client = await aClient();
    const answer = await client.create({}, client.platform.tokens.issued[0]!.text);
    expect(answer.status).toBe(401);
    expect(client.platform.violations).toEqual([expect.stringContaining('must begin with "Bearer "')]);
  });
});

test.each([
  ["an application that is not on the list", { appId: 13 }, "appId 13 may not come here"],
  ["one handler as text", { handlers: "10086" }, "handlers must be a list"],
  ["a status as text", { status: "0" }, 'status must be 0 or 1 or 2, is "0"'],
  ["an instance's id as number", { instanceId: 77 }, "instanceId must be a text"],
  ["another name for the page", { h5Url: "" }, "h5Url is not a field of it"],
])("统一待办 does not take %s", async (_what, wrong, finding) => {
  await using client = await aClient({ appIds: [12] });
  expect((await client.create(wrong)).body).toMatchObject({ code: 400 });
  expect(client.platform.violations).toEqual([expect.stringContaining(finding)]);
  expect(client.platform.believes.tasks).toEqual([]);
});
