import { describe, expect, test } from "vitest";
import { ManualClock } from "../../../support/manual-clock.ts";
import {
  answersHttp,
  type Fault,
  garblesAnswer,
  losesAnswer,
  resets,
  slow,
  staysSilent,
  waitsFor,
} from "../../../support/platforms/faults.ts";
import { aTongyidaiban, TONGYIDAIBAN, type TongyidaibanOptions } from "../../../support/platforms/tongyidaiban.ts";
import { ask } from "./asking.ts";

async function aClient(options: TongyidaibanOptions = {}) {
  const platform = await aTongyidaiban(options);
  const fetchToken = async (): Promise<string> => {
    const credentials = { app_key: "belfry", app_secret: "tongyi-secret" };
    const { body } = await ask(platform, "POST", TONGYIDAIBAN.tokenPath, credentials);
    return (body as { data: { token: string } }).data.token;
  };
  const authorization = `Bearer ${await fetchToken()}`;
  const push = (taskId: string) =>
    ask(platform, "POST", TONGYIDAIBAN.createPath, { ...TASK, requestId: taskId, taskId }, { authorization });
  return { platform, fetchToken, push, [Symbol.asyncDispose]: () => platform[Symbol.asyncDispose]() };
}

const TASK = {
  appId: 12,
  instanceId: "77",
  title: "张三的请假",
  nodeName: "",
  initiator: "2021001",
  handlers: ["10086"],
  status: 0,
  pcUrl: "",
  mobileUrl: "",
  createTime: "2026-01-02 03:04:05",
};

describe("a platform that is down", () => {
  test("refuses connections, and comes back at the same port with what it believed", async () => {
    await using client = await aClient();
    const { platform, push } = client;
    const { origin } = platform;
    await push("1");
    await platform.goDown();
    await expect(push("2")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await platform.comeBack();
    expect(platform.origin).toBe(origin);
    expect(await push("3")).toMatchObject({ status: 200 });
    expect(platform.believes.todosOf("10086")).toEqual(["1", "3"]);
    expect(platform.countOf("create")).toBe(2);
  });

  test("breaks the calls that are under way", async () => {
    await using client = await aClient();
    client.platform.faults.next(1, staysSilent());
    const pushed = client.push("1").catch((error: unknown) => error);
    await client.platform.called(1, "create");
    await client.platform.goDown();
    expect(await pushed).toMatchObject({ code: "ECONNRESET" });
    expect(client.platform.believes.tasks).toEqual([]);
  });
});

describe("a fault", () => {
  test.each<[string, Fault, { answer: object | "breaks"; isDone: boolean }]>([
    ["answers 503 and does nothing", answersHttp(503), { answer: { status: 503 }, isDone: false }],
    ["resets and does nothing", resets(), { answer: "breaks", isDone: false }],
    ["loses the answer of what it did", losesAnswer(), { answer: "breaks", isDone: true }],
    ["garbles the answer of what it did", garblesAnswer(), { answer: { body: expect.any(String) }, isDone: true }],
    ["is slow", slow(1), { answer: { status: 200, body: { code: 0 } }, isDone: true }],
  ])("%s", async (_what, fault, { answer, isDone }) => {
    await using client = await aClient();
    client.platform.faults.next(1, fault);
    const pushed = await client.push("1").catch(() => "breaks" as const);
    if (answer === "breaks") expect(pushed).toBe("breaks");
    else expect(pushed).toMatchObject(answer);
    expect(client.platform.believes.todosOf("10086")).toEqual(isDone ? ["1"] : []);
    expect(client.platform.violations).toEqual([]);
  });

  test("holds a call back until the test lets it go", async () => {
    await using client = await aClient();
    const { platform, push } = client;
    const gate = Promise.withResolvers<void>();
    platform.faults.next(1, waitsFor(gate.promise));
    const first = push("1");
    await platform.called(1, "create");
    await push("2");
    expect(platform.believes.todosOf("10086")).toEqual(["2"]);
    gate.resolve();
    await first;
    expect(platform.believes.todosOf("10086")).toEqual(["2", "1"]);
  });

  test("strikes the operations and calls that it is meant for, tokens only when they are named", async () => {
    await using client = await aClient();
    const { platform, push, fetchToken } = client;
    platform.faults.always(answersHttp(500), { when: ({ body }) => body.includes('"taskId":"2"') });
    expect((await push("1")).status).toBe(200);
    expect((await push("2")).status).toBe(500);
    await fetchToken();
    platform.faults.next(1, answersHttp(500), { on: "token" });
    await expect(fetchToken()).rejects.toThrow(TypeError);
    expect(platform.faults.struck).toBe(2);
    platform.faults.clear();
    expect((await push("2")).status).toBe(200);
  });

  test("strikes a share of the calls, the same ones for the same seed", async () => {
    const struck = async (seed: number): Promise<readonly string[]> => {
      await using client = await aClient();
      client.platform.faults.share(0.3, answersHttp(500), { seed });
      for (let task = 1; task <= 40; task += 1) await client.push(String(task));
      return client.platform.callsOf("create").flatMap(({ isFaulty }, at) => (isFaulty ? String(at) : []));
    };
    const first = await struck(7);
    expect(first.length).toBeGreaterThan(4);
    expect(first.length).toBeLessThan(22);
    expect(await struck(7)).toEqual(first);
    expect(await struck(8)).not.toEqual(first);
  });
});

describe("tokens", () => {
  test("know which of them were fetched although the one before would have held", async () => {
    const clock = new ManualClock();
    await using client = await aClient({ now: () => clock.now(), tokenLifeMs: 3_600_000 });
    const { platform, fetchToken } = client;
    await clock.advance(3_400_000);
    await fetchToken();
    expect(platform.tokens.fetchedForNothing()).toEqual([]);
    await fetchToken();
    expect(platform.tokens.fetchedForNothing()).toHaveLength(1);
    platform.expireTokens();
    await fetchToken();
    expect(platform.tokens.fetchedForNothing()).toHaveLength(1);
    expect(platform.tokensIssued).toBe(4);
  });

  test("end with the next one when the platform takes the newest only", async () => {
    await using client = await aClient({ isNewestOnly: true });
    expect((await client.push("1")).status).toBe(200);
    await client.fetchToken();
    expect((await client.push("2")).status).toBe(401);
  });

  test("of one platform are nothing to another", async () => {
    await using one = await aClient();
    await using other = await aClient();
    const authorization = `Bearer ${one.platform.tokens.issued[0]!.text}`;
    await ask(other.platform, "POST", TONGYIDAIBAN.createPath, TASK, { authorization });
    expect(other.platform.violations).toEqual([expect.stringContaining("never issued")]);
  });
});

test("calls are kept with what was asked and answered, the latest of them when there is a bound", async () => {
  await using client = await aClient({ keepCalls: 2 });
  for (const task of ["1", "2", "3"]) await client.push(task);
  expect(client.platform.calls).toMatchObject([
    { number: 3, operation: "create", method: "POST", json: { taskId: "2" }, reply: { status: 200 } },
    { number: 4, operation: "create", path: TONGYIDAIBAN.createPath, json: { taskId: "3" } },
  ]);
  expect(client.platform.countOf("create")).toBe(3);
  expect(client.platform.countOf()).toBe(4);
});
