import { describe, expect, test } from "vitest";
import { losesAnswer } from "../../../support/platforms/faults.ts";
import { aJinzhi, JINZHI, type JinzhiOptions } from "../../../support/platforms/jinzhi.ts";
import type { PlatformServer } from "../../../support/platforms/platform-server.ts";
import { type Answered, ask } from "./asking.ts";

const OK: Answered = { status: 200, body: { errcode: 0, errmsg: "ok" } };

async function aClient(options: JinzhiOptions = {}) {
  const platform = await aJinzhi(options);
  const token = await aToken(platform);
  const call = (
    path: string,
    body: unknown,
    headers: Record<string, string> = { appId: "belfry", accessToken: token },
  ) => ask(platform, "POST", path, body, headers);
  return {
    platform,
    call,
    insert: (more = {}, application = {}) => call(JINZHI.taskPath, { insertModel: aModel(more, application) }),
    update: (more = {}, application = {}) => call(JINZHI.taskPath, { updateModel: aModel(more, application) }),
    deleteTask: (taskId: string) => call(JINZHI.deleteTaskPath, { taskId }),
    deleteInstance: (processInstanceId: string) => call(JINZHI.deleteInstancePath, { processInstanceId }),
    [Symbol.asyncDispose]: () => platform[Symbol.asyncDispose](),
  };
}

async function aToken(platform: PlatformServer): Promise<string> {
  const { body } = await ask(platform, "GET", `${JINZHI.tokenPath}?appId=belfry&appSecret=jinzhi-secret`);
  return (body as { accessToken: string }).accessToken;
}

function aModel(more: object = {}, application: object = {}) {
  return {
    taskId: "9001",
    sceneCode: "APPROVAL",
    subject: "张三的请假",
    priority: "NORMAL",
    taskType: "TODO",
    taskStatus: "RUNNING",
    initiatorType: "USER",
    initiatorId: "2021001",
    processors: [{ type: "USER", id: "10086" }],
    urls: { pc: "https://h/pc", h5: "https://h/h5" },
    nodeId: "n3",
    nodeName: "部门审核",
    applicationModel: {
      processInstanceId: "77",
      processInstanceStatus: "RUNNING",
      nodeId: "n3",
      nodeName: "部门审核",
      serviceName: "请假",
      ...application,
    },
    ...more,
  };
}

const START_AND_END = {
  processInstanceId: "78",
  initiatorType: "USER",
  initiatorId: "2021001",
  subject: "张三的报备",
  processors: [{ type: "USER", id: "2021001" }],
  nodeName: "事项结束",
  processInstanceStatus: "COMPLETE",
  urls: { pc: "https://h/pc", h5: "" },
  createTime: "2026-01-02 03:04:05",
};

describe("金智 answers a token that it does not take", () => {
  test("with 40001 for a wrong secret and a wrong appId", async () => {
    await using client = await aClient();
    const answer = await ask(client.platform, "GET", `${JINZHI.tokenPath}?appId=belfry&appSecret=x`);
    expect(answer.body).toEqual({ errcode: 40001, errmsg: "invalid credential" });
    const other = await client.call(JINZHI.deleteTaskPath, { taskId: "1" }, { appId: "x", accessToken: "y" });
    expect(other.body).toMatchObject({ errcode: 40001 });
  });

  test("with 42001 when it has expired, with 40014 when it never was", async () => {
    await using client = await aClient();
    client.platform.expireTokens();
    expect((await client.insert()).body).toMatchObject({ errcode: 42001 });
    expect(client.platform.violations).toEqual([]);
    const strange = { appId: "belfry", accessToken: "mine" };
    expect((await client.call(JINZHI.deleteTaskPath, { taskId: "1" }, strange)).body).toMatchObject({ errcode: 40014 });
    expect(client.platform.violations).toEqual([expect.stringContaining("never issued")]);
  });

  test("and expects it in the header, unless it is told to look into the query", async () => {
    await using client = await aClient();
    const query = `?appId=belfry&accessToken=${client.platform.tokens.issued[0]!.text}`;
    await client.call(JINZHI.deleteTaskPath + query, { taskId: "1" }, {});
    expect(client.platform.violations[0]).toContain("the query has appId");
    await using other = await aJinzhi({ credentialsIn: "query" });
    const path = `${JINZHI.taskPath}?appId=belfry&accessToken=${await aToken(other)}`;
    expect(await ask(other, "POST", path, { insertModel: aModel() })).toEqual(OK);
    expect(other.violations).toEqual([]);
  });
});

describe("金智 believes", () => {
  test("a task from its insertion to its completion", async () => {
    await using client = await aClient();
    const { believes } = client.platform;
    expect(await client.insert()).toEqual(OK);
    expect(believes.todosOf("10086")).toEqual(["9001"]);
    expect(believes.instance("77")?.status).toBe("RUNNING");
    expect(await client.update({ taskStatus: "COMPLETE" }, { processInstanceStatus: "COMPLETE" })).toEqual(OK);
    expect(believes.doneOf("10086")).toEqual(["9001"]);
    expect(believes.instance("77")?.status).toBe("COMPLETE");
    expect(client.platform.violations).toEqual([]);
    expect(client.platform.refusals).toEqual([]);
  });

  test("that an update gives the processors anew", async () => {
    await using client = await aClient();
    await client.insert();
    await client.update({ processors: [{ type: "USER", id: "10087" }] });
    expect(client.platform.believes.todosOf("10086")).toEqual([]);
    expect(client.platform.believes.todosOf("10087")).toEqual(["9001"]);
  });

  test("that a task which runs is a todo although its instance was aborted", async () => {
    await using client = await aClient();
    await client.insert();
    await client.update({}, { processInstanceStatus: "ABORT" });
    expect(client.platform.believes.todosOf("10086")).toEqual(["9001"]);
  });

  test("an instance that ended as it began", async () => {
    await using client = await aClient();
    expect(await client.call(JINZHI.startAndEndPath, START_AND_END)).toEqual(OK);
    expect(client.platform.believes.instance("78")?.status).toBe("COMPLETE");
    expect(client.platform.violations).toEqual([]);
  });
});

describe("金智 says no", () => {
  test("to the update and the deletion of what it does not know", async () => {
    await using client = await aClient({ notFoundErrcode: 40404 });
    expect((await client.update()).body).toEqual({ errcode: 40404, errmsg: "task not exist" });
    expect((await client.deleteTask("1")).body).toMatchObject({ errcode: 40404 });
    expect((await client.deleteInstance("1")).body).toMatchObject({ errcode: 40404 });
    expect(client.platform.refusals.map(({ kind }) => kind)).toEqual(["unknown", "unknown", "unknown"]);
  });

  test("to an instance's deletion before that of its todos", async () => {
    await using client = await aClient();
    await client.insert();
    expect((await client.deleteInstance("77")).body).toMatchObject({ errcode: JINZHI.hasTodosErrcode });
    expect(client.platform.refusals).toMatchObject([{ kind: "order", id: "77" }]);
    expect(await client.deleteTask("9001")).toEqual(OK);
    expect(await client.deleteInstance("77")).toEqual(OK);
    expect(client.platform.believes.instances).toEqual([]);
    expect(client.platform.believes.deletions.map(({ what, id }) => `${what} ${id}`)).toEqual([
      "task 9001",
      "instance 77",
    ]);
    expect(client.platform.violations).toEqual([]);
  });

  test("to a second insertion, so that no todo stands twice after an answer that was lost", async () => {
    await using client = await aClient();
    client.platform.faults.next(1, losesAnswer());
    await expect(client.insert()).rejects.toMatchObject({ code: "ECONNRESET" });
    expect((await client.insert()).body).toMatchObject({ errcode: JINZHI.duplicateErrcode });
    expect(client.platform.believes.todosOf("10086")).toEqual(["9001"]);
    expect(client.platform.duplicates).toEqual([]);
  });

  test("not even that when it is careless: then the todo stands twice", async () => {
    await using client = await aClient({ duplicateErrcode: null });
    await client.insert();
    expect(await client.insert()).toEqual(OK);
    expect(client.platform.believes.todosOf("10086")).toEqual(["9001", "9001"]);
    expect(client.platform.duplicates).toMatchObject([{ id: "9001" }]);
  });
});

describe("it breaks the contract of 金智", () => {
  test.each([
    ["to send another scene", { insertModel: aModel({ sceneCode: "X" }) }, "insertModel.sceneCode"],
    [
      "to give processors as texts",
      { insertModel: aModel({ processors: ["10086"] }) },
      "processors[0] must be an object",
    ],
    ["to give a number as id", { updateModel: aModel({ taskId: 9001 }) }, "updateModel.taskId must be a text"],
    [
      "to name another node inside",
      { insertModel: aModel({}, { nodeId: "n4" }) },
      "nodeId and applicationModel.nodeId differ",
    ],
    ["to send both models", { insertModel: aModel(), updateModel: aModel() }, "insertModel is not a field of it"],
    ["to send the model bare", aModel(), "insertModel is missing"],
  ])("%s", async (_what, body, finding) => {
    await using client = await aClient();
    expect((await client.call(JINZHI.taskPath, body)).body).toMatchObject({ errcode: 40035 });
    expect(client.platform.violations.join("\n")).toContain(finding);
    expect(client.platform.believes.tasks).toEqual([]);
  });

  test("to end an instance at another node than 事项结束", async () => {
    await using client = await aClient();
    await client.call(JINZHI.startAndEndPath, { ...START_AND_END, nodeName: "结束" });
    expect(client.platform.violations).toEqual([expect.stringContaining('nodeName must be "事项结束"')]);
  });
});
