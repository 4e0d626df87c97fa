/** What platforms are told of an approval, word by word, and what they are not told. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PushState } from "../../../src/gen/belfry/v1/push_pb.ts";
import { LI, WANG, ZHANG } from "./approval.ts";
import { ABILITY, CENTRES, JINZHI_CENTRE, OWN_CENTRE, SHUWEI, SHUWEI_V2, TONGYI } from "./centres.ts";
import type { Centre } from "./centres.ts";
import { aPlatform, expectOrder } from "./living.ts";
import { FULL, START_AND_END } from "./lives.ts";
import type { PlatformSite } from "./site.ts";
import { openPlatformSite } from "./site.ts";

let site: PlatformSite;
beforeAll(async () => {
  site = await openPlatformSite();
});
afterAll(() => site[Symbol.asyncDispose]());

/** The JSON of the calls that say something of an approval, in order. */
async function saidTo(centre: Centre, to = FULL.steps.length) {
  await using told = await aPlatform(site, centre);
  const approval = told.begins();
  for (let index = 0; index < to; index += 1) {
    await told.report(approval, FULL, index, index + 1);
    await site.settled(told.platformId);
  }
  expectOrder(told);
  const bodies = told.platform.calls
    .filter(({ operation }) => operation !== "token")
    .map(({ json }) => [json].flat()[0]);
  return { approval, bodies };
}

describe("an approval in the words of", () => {
  test.each([ABILITY, OWN_CENTRE])(
    "$name: instance and task in one, Chinese name first, URLs of the PC and the phone (R-011, R-037, R-039, R-064)",
    async (centre) => {
      const { approval, bodies } = await saidTo(centre, 1);
      const links = approval.links("todo", "a");
      expect(bodies).toMatchObject([
        {
          inst: {
            instId: Number(approval.id),
            appId: Number(approval.appId),
            appName: "请假",
            instStatus: 0,
            instCreatorNumber: ZHANG.number,
            instCreatorName: "张三",
            formUrlView: `https://oa.example.edu/pc/inst/${approval.id}`,
            formMobileUrlView: `https://oa.example.edu/m/inst/${approval.id}`,
          },
          task: {
            taskId: Number(approval.itemId("a")),
            nodeName: "部门审核",
            taskStatus: 0,
            instUser: [LI.number],
            formUrl: links.pc,
            formMobileUrl: links.h5,
          },
          sendMsg: 0,
        },
      ]);
    },
  );

  test("金智: insertModel, then updateModel, with everything that taskStart says (R-024, R-025, R-030, R-036, R-037, R-038, R-039)", async () => {
    const { approval, bodies } = await saidTo(JINZHI_CENTRE);
    const [first] = bodies;
    expect(first).toEqual({
      insertModel: {
        taskId: approval.itemId("a"),
        sceneCode: "APPROVAL",
        subject: "张三的请假",
        priority: "NORMAL",
        taskType: "TODO",
        taskStatus: "RUNNING",
        initiatorType: "USER",
        initiatorId: ZHANG.number,
        processors: [{ type: "USER", id: LI.number }],
        urls: approval.links("todo", "a"),
        nodeId: "n1",
        nodeName: "部门审核",
        applicationModel: {
          processInstanceId: approval.id,
          processInstanceStatus: "RUNNING",
          nodeId: "n1",
          nodeName: "部门审核",
          serviceName: "请假",
        },
      },
    });
    expect(bodies.slice(1, 3)).toMatchObject([
      { updateModel: { processors: [{ type: "USER", id: WANG.number }], urls: approval.links("todo", "a") } },
      // What was done is seen where it can be looked at, not where it was handled.
      { updateModel: { taskStatus: "COMPLETE", urls: approval.links("done", "a") } },
    ]);
    expect(bodies.at(-1)).toMatchObject({ updateModel: { applicationModel: { processInstanceStatus: "COMPLETE" } } });
  });

  test("金智: an instance that ends as it begins is told as 事项结束, by startAndEndInst and not by taskStart (R-028, R-040)", async () => {
    await using told = await aPlatform(site, JINZHI_CENTRE);
    const approval = told.begins();
    await told.report(approval, START_AND_END);
    await site.settled(told.platformId);
    expect(told.platform.countOf("task")).toBe(0);
    expect(told.platform.callsOf("startAndEnd").map(({ json }) => json)).toMatchObject([
      {
        processInstanceId: approval.id,
        initiatorType: "USER",
        initiatorId: ZHANG.number,
        subject: "张三的请假",
        processors: [{ type: "USER", id: ZHANG.number }],
        nodeName: "事项结束",
        processInstanceStatus: "COMPLETE",
        urls: { pc: `https://oa.example.edu/pc/inst/${approval.id}` },
      },
    ]);
    expectOrder(told);
  });

  test("树维: added, transferred, urged, handled, handled as the last (R-046, R-047, R-048)", async () => {
    const { approval, bodies } = await saidTo(SHUWEI);
    const taskId = approval.thirdId("a");
    expect(bodies).toMatchObject([
      { appId: "APP", taskId, handlers: LI.number, transTypeName: "请假", nodeName: "部门审核" },
      { taskId, handler: LI.number, transferTo: WANG.number },
      { taskId, creator: ZHANG.number, instructions: "请今天办理" },
      { previousTaskId: taskId, handler: WANG.number, handleOpinions: "同意", status: "none" },
      { taskId: approval.thirdId("b"), previousTaskId: taskId },
      { previousTaskId: approval.thirdId("b"), status: "end" },
    ]);
  });

  test("树维 V2: the same by the newer calls, with types by application and message channels (R-053, R-054)", async () => {
    const settings: Centre["settings"] = (host, appId) => ({
      ...SHUWEI_V2.settings(host, appId),
      transTypeMap: { [appId]: "LEAVE" },
      messageChannels: ["sms", "wechat"],
    });
    const { approval, bodies } = await saidTo({ ...SHUWEI_V2, settings });
    // Who takes it over gets a todo of his own.
    const taken = `${approval.thirdId("a")}_${WANG.number}`;
    expect(bodies).toMatchObject([
      {
        taskId: approval.thirdId("a"),
        transactionId: approval.id,
        transTypeCode: "LEAVE",
        msgChannels: ["sms", "wechat"],
      },
      { taskId: approval.thirdId("a"), handler: LI.number },
      { taskId: taken, handlers: WANG.number, transactionId: approval.id },
      { taskId: taken, instructions: "请今天办理" },
      { taskId: taken, handler: WANG.number },
      { taskId: approval.thirdId("b") },
      { taskId: approval.thirdId("b") },
      { transactionId: approval.id, status: "FINISH" },
    ]);
  });

  test("统一待办: each time all of the entry (R-055, R-039, R-060)", async () => {
    const { approval, bodies } = await saidTo(TONGYI, 4);
    const [todo, done] = [approval.links("todo", "a"), approval.links("done", "a")];
    const entry = {
      appId: Number(approval.appId),
      taskId: approval.itemId("a"),
      title: "张三的请假",
      nodeName: "部门审核",
    };
    expect(bodies).toMatchObject([
      { ...entry, handlers: [LI.number], status: 0, pcUrl: todo.pc, mobileUrl: todo.h5 },
      { ...entry, handlers: [WANG.number], status: 0 },
      { ...entry, handlers: [WANG.number], status: 1, pcUrl: done.pc, mobileUrl: done.h5 },
    ]);
    const keys = bodies.map((body) => (body as { readonly requestId: string }).requestId);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe("an id a person", () => {
  test("who had a task and has it no more is told so under an id of his own (R-079)", async () => {
    await using told = await aPlatform(site, ABILITY);
    const approval = told.begins();
    await told.report(approval, FULL, 0, 1);
    await site.settled(told.platformId);
    await told.report(approval, FULL, 1, 2);
    const logs = await site.settled(told.platformId);
    const thirdId = approval.thirdId("a");
    // Each push tells of the instance, too.
    expect(logs.map(({ thirdIds }) => thirdIds)).toEqual([
      [thirdId, approval.id],
      [`${thirdId}_${LI.number}`, thirdId, approval.id],
    ]);
    // found by it.
    const found = await site.logs({ platformId: told.platformId, thirdId });
    expect(found.map(({ action }) => action)).toContain("receive");
  });
});

describe("what is not told", () => {
  test("统一待办: applications that are not on the white list are skipped, and while it is empty all are (R-056)", async () => {
    for (const myappids of [["1", "2"], []]) {
      const settings: Centre["settings"] = (host, appId) => ({ ...TONGYI.settings(host, appId), myappids });
      await using told = await aPlatform(site, { ...TONGYI, settings });
      await told.report(told.begins(), FULL);
      const logs = await site.settled(told.platformId);
      expect(logs).not.toEqual([]);
      for (const { state, result } of logs) {
        expect(state).toBe(PushState.SKIPPED);
        expect(result?.["class"]).toBe("skipped");
      }
      expect(JSON.stringify(logs[0]?.result)).toContain("myappids");
      expect(told.platform.countOf()).toBe(0);
      expect(await site.drift(told.platformId)).toEqual([]);
    }
  });

  test.each(CENTRES)("$name: questionnaires (问卷通) are recorded, and not pushed (R-033)", async (centre) => {
    await using told = await aPlatform(site, centre);
    const approval = told.begins();
    const event = approval.event({ action: "receive", item: "a", to: [LI] }, 1);
    await site.report({ ...event, session: { ...event.session, id: approval.id, isQuestionnaire: true } });
    const { session, workItems } = await site.workItems.getSession({ sessionId: approval.id });
    expect(session?.isQuestionnaire).toBe(true);
    expect(workItems).toHaveLength(1);
    expect(await site.logs({ platformId: told.platformId })).toEqual([]);
    expect(await site.drift(told.platformId)).toEqual([]);
    expect(told.platform.countOf()).toBe(0);

    // Of a session of which it was not said, the name of the event says it.
    const other = told.begins();
    const named = other.event({ action: "questionnaire.submit", item: "a", to: [LI] }, 1);
    await site.report(named);
    expect((await site.workItems.getSession({ sessionId: other.id })).workItems).toHaveLength(1);
    expect(await site.logs({ platformId: told.platformId })).toEqual([]);
    expect(await site.drift(told.platformId)).toEqual([]);
  });

  test("the form action.xxx.x is the action itself (R-032)", async () => {
    await using told = await aPlatform(site, ABILITY);
    const approval = told.begins();
    await site.report(approval.event({ action: "action.receive.0", item: "a", to: [LI] }, 1));
    const logs = await site.settled(told.platformId);
    expect(logs).toMatchObject([{ action: "receive", state: PushState.SUCCEEDED }]);
  });
});
