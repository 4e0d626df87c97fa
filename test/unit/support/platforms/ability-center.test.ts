import { describe, expect, test } from "vitest";
import {
  ABILITY_CENTER,
  type AbilityCenterOptions,
  anAbilityCenter,
} from "../../../support/platforms/ability-center.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { answersNonsense, refusesWith } from "../../../support/platforms/faults.ts";
import type { PlatformServer } from "../../../support/platforms/platform-server.ts";
import { type Answered, ask } from "./asking.ts";
import { anInstTask } from "./inst-tasks.ts";

const { tokenPath, pushPath } = ABILITY_CENTER;

async function aClient(options: AbilityCenterOptions = {}) {
  const platform = await anAbilityCenter(options);
  const push = async (body: unknown): Promise<Answered> => {
    return ask(platform, "POST", `${pushPath}?access_token=${await aToken(platform)}`, body);
  };
  return { platform, push, [Symbol.asyncDispose]: () => platform[Symbol.asyncDispose]() };
}

async function aToken(platform: PlatformServer): Promise<string> {
  const { body } = await ask(platform, "GET", `${tokenPath}?app_id=belfry&app_secret=ability-secret`);
  return (body as { d: { access_token: string } }).d.access_token;
}

const OK: Answered = { status: 200, body: { e: 0, m: "操作成功", d: {} } };

describe("能力中心 gives tokens", () => {
  test("in its envelope, with seconds to live", async () => {
    await using platform = await anAbilityCenter();
    const answer = await ask(platform, "GET", `${tokenPath}?app_id=belfry&app_secret=ability-secret`);
    expect(answer).toMatchObject({ status: 200, body: { e: 0, d: { expires_in: 7200 } } });
    expect(platform.tokensIssued).toBe(1);
    expect(platform.violations).toEqual([]);
  });

  test("to nobody with a wrong secret", async () => {
    await using platform = await anAbilityCenter();
    const answer = await ask(platform, "GET", `${tokenPath}?app_id=belfry&app_secret=wrong`);
    expect(answer.body).toMatchObject({ e: 1, m: "app_id或app_secret错误" });
    expect(platform.tokensIssued).toBe(0);
    expect(platform.refusals).toMatchObject([{ kind: "auth", operation: "token" }]);
  });

  test("that it does not take any longer when the clock says so, with a message that says 过期", async () => {
    const clock = new ManualClock();
    await using platform = await anAbilityCenter({ now: () => clock.now(), tokenLifeMs: 60_000 });
    const path = `${pushPath}?access_token=${await aToken(platform)}`;
    await clock.advance(59_999);
    expect(await ask(platform, "POST", path, anInstTask())).toEqual(OK);
    await clock.advance(1);
    expect((await ask(platform, "POST", path, anInstTask())).body).toMatchObject({ e: 1, m: "access_token已过期" });
    expect(platform.violations).toEqual([]);
  });

  test("and a call without one, or with one that it never gave, breaks the contract", async () => {
    await using platform = await anAbilityCenter();
    await ask(platform, "POST", pushPath, anInstTask());
    await ask(platform, "POST", `${pushPath}?access_token=mine`, anInstTask());
    expect(platform.violations).toHaveLength(2);
    expect(platform.believes.todosOf("10086")).toEqual([]);
  });
});

describe("能力中心 believes", () => {
  test("that who is named has it to do, then that it is done and the instance with it", async () => {
    await using client = await aClient();
    const { platform, push } = client;
    expect(await push(anInstTask())).toEqual(OK);
    expect(platform.believes.todosOf("10086")).toEqual(["9001"]);
    await push(
      anInstTask({
        inst: { instStatus: 2, instFinished: "2026-01-03 00:00:00" },
        task: { taskStatus: 3, taskFinished: "2026-01-03 00:00:00" },
      }),
    );
    expect(platform.believes.todosOf("10086")).toEqual([]);
    expect(platform.believes.doneOf("10086")).toEqual(["9001"]);
    expect(platform.believes.instance(77)?.status).toBe(2);
    expect(platform.believes.openTasks).toEqual([]);
    expect(platform.violations).toEqual([]);
  });

  test("of a task that goes to another only what it is told of each", async () => {
    await using client = await aClient();
    const { platform, push } = client;
    await push(anInstTask());
    await push(anInstTask({ task: { instUser: ["10087"] } }));
    expect(platform.believes.todosOf("10086")).toEqual(["9001"]);
    await push(anInstTask({ task: { taskStatus: 3 } }));
    expect(platform.believes.todosOf("10086")).toEqual([]);
    expect(platform.believes.todosOf("10087")).toEqual(["9001"]);
  });

  test("that nobody has anything to do of what was aborted, although it is open", async () => {
    await using client = await aClient();
    const { platform, push } = client;
    await push(anInstTask());
    await push(anInstTask({ inst: { instStatus: 1 } }));
    expect(platform.believes.todosOf("10086")).toEqual([]);
    expect(platform.believes.openTasks).toEqual(["9001"]);
  });

  test("that a message was wanted when sendMsg is 1", async () => {
    await using client = await aClient();
    await client.push(anInstTask({ sendMsg: 1 }));
    expect(client.platform.believes.messages).toMatchObject([{ id: "9001", to: ["10086"] }]);
  });

  test("an old event that comes late, and remembers what it undid", async () => {
    await using client = await aClient();
    const { platform, push } = client;
    await push(anInstTask({ inst: { instStatus: 2 }, task: { taskStatus: 3 } }));
    await push(anInstTask());
    expect(platform.believes.reopened).toMatchObject([{ what: "instance" }, { what: "task" }]);
    expect(platform.believes.todosOf("10086")).toEqual(["9001"]);
  });

  test("nothing of what was deleted, when there is a path for it: every task one by one, then the instance", async () => {
    await using client = await aClient({ deletePath: "/third/task.delete" });
    const { platform, push } = client;
    await push(anInstTask());
    await push(anInstTask({ task: { taskId: 9002, taskStatus: 3 } }));
    const path = `/third/task.delete?access_token=${await aToken(platform)}`;
    const remove = (body: unknown): Promise<Answered> => ask(platform, "POST", path, body);
    expect(await remove({ taskId: 9001, instId: 77 })).toEqual(OK);
    expect((await remove({ instId: 77 })).body).toMatchObject({ e: 1, m: "实例下还有任务" });
    expect((await remove({ taskId: 9002, instId: 78 })).body).toMatchObject({ e: 1, m: "任务不存在" });
    expect(await remove({ taskId: 9002, instId: 77 })).toEqual(OK);
    expect(platform.believes.instance(77)).toBeDefined();
    expect(await remove({ instId: 77 })).toEqual(OK);
    expect((await remove({ instId: 77 })).body).toMatchObject({ e: 1, m: "实例不存在" });
    expect((await remove({ taskId: 9001, instId: 77 })).body).toMatchObject({ e: 1, m: "任务不存在" });
    expect(platform.believes.tasks).toEqual([]);
    expect(platform.believes.deletions.map(({ what, id }) => `${what} ${id}`)).toEqual([
      "task 9001",
      "task 9002",
      "instance 77",
    ]);
    expect(platform.refusals.map(({ kind }) => kind)).toEqual(["order", "unknown", "unknown", "unknown"]);
    expect(platform.violations).toEqual([]);
  });

  test.each([
    ["a task without its instance", { taskId: 9001 }, "instId is missing"],
    ["ids as text", { taskId: "9001", instId: 77 }, 'taskId must be a whole number, is "9001"'],
  ])("nothing of a deletion that names %s", async (_what, body, finding) => {
    await using client = await aClient({ deletePath: "/third/task.delete" });
    const { platform, push } = client;
    await push(anInstTask());
    await ask(platform, "POST", `/third/task.delete?access_token=${await aToken(platform)}`, body);
    expect(platform.violations).toEqual([expect.stringContaining(finding)]);
    expect(platform.believes.deletions).toEqual([]);
  });
});

describe("能力中心 does not take", () => {
  test.each([
    ["a field that is missing", anInstTask({ inst: { instFinished: undefined } }), "inst.instFinished is missing"],
    ["a field that it does not have", anInstTask({ task: { creator: "x" } }), "task.creator is not a field of it"],
    ["a number as text", anInstTask({ inst: { instId: "77" } }), 'inst.instId must be a whole number, is "77"'],
    ["a status that there is not", anInstTask({ task: { taskStatus: 1 } }), "task.taskStatus must be 0 or 3, is 1"],
    ["another spelling", anInstTask({ task: { formurl: "" } }), "it is spelled formUrl"],
    [
      "a time that there is not",
      anInstTask({ task: { taskCreated: "2026-02-30 00:00:00" } }),
      "task.taskCreated must be",
    ],
    ["nobody", anInstTask({ task: { instUser: [] } }), "task.instUser needs 1 or more"],
    ["a task of another instance", anInstTask({ task: { instId: 78 } }), "task.instId is 78, inst.instId is 77"],
    ["what is open and finished", anInstTask({ task: { taskFinished: "2026-01-03 00:00:00" } }), "has taskFinished"],
    ["a list", [anInstTask()], "must be an object"],
    ["no JSON", "{", "the body is no JSON"],
  ])("%s", async (_what, body, finding) => {
    await using client = await aClient();
    expect((await client.push(body)).body).toMatchObject({ e: 1 });
    expect(client.platform.violations).toHaveLength(1);
    expect(client.platform.violations[0]).toContain(finding);
    expect(client.platform.believes.tasks).toEqual([]);
  });

  test("a path, a method or a content type that is not its own", async () => {
    await using platform = await anAbilityCenter();
    const path = `${pushPath}?access_token=${await aToken(platform)}`;
    expect((await ask(platform, "POST", "/third/task.push", {})).status).toBe(404);
    expect((await ask(platform, "PUT", path, anInstTask())).status).toBe(405);
    await ask(platform, "POST", path, anInstTask(), { "content-type": "text/plain" });
    expect(platform.violations).toHaveLength(3);
  });
});

test("能力中心 fails as a test wants, which is neither a violation nor a refusal", async () => {
  await using client = await aClient();
  const { platform, push } = client;
  platform.faults.next(1, refusesWith(7, "系统繁忙"));
  platform.faults.next(1, answersNonsense());
  expect((await push(anInstTask())).body).toEqual({ e: 7, m: "系统繁忙", d: {} });
  expect((await push(anInstTask())).body).toContain("<html>");
  expect(await push(anInstTask())).toEqual(OK);
  expect(platform.callsOf("push").map(({ isFaulty }) => isFaulty)).toEqual([true, true, false]);
  expect(platform.violations).toEqual([]);
  expect(platform.refusals).toEqual([]);
});
