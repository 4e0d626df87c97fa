import { describe, expect, it } from "vitest";
import { BelfryError } from "../../../../src/domain/error.ts";
import { stateOfTrigger, triggerOfState } from "../../../../src/domain/platform/trigger-state.ts";
import { refusalOf } from "../../../support/api-in-process.ts";
import { aPlatform, aTrigger, platformsHere } from "./given.ts";

function given() {
  const here = platformsHere();
  here.put(aPlatform());
  return here;
}

describe("CreateTrigger", () => {
  it("knows actions by both of their names, once each (R-032, R-071)", async () => {
    const { client, commands } = given();
    const actions = ["action.receive.0", "after_examine", "action.after_end", "receive"];
    const { trigger } = await client.createTrigger({
      trigger: { platformId: "p1", actions, appIds: ["12"], condition: { nodeIds: ["n3"], assignees: ["10086"] } },
      changedBy: "li",
      reason: "why",
      requestId: "r",
    });
    expect(commands[0]).toEqual({
      method: "createTrigger",
      id: "p1",
      command: {
        changedBy: "li",
        reason: "why",
        requestId: "r",
        trigger: {
          actions: ["receive", "after_examine", "after_end"],
          appIds: ["12"],
          condition: { nodeIds: ["n3"], creators: [], assignees: ["10086"] },
        },
      },
    });
    expect(trigger).toMatchObject({
      id: "t1",
      platformId: "p1",
      actions: ["receive", "after_examine", "after_end"],
      appIds: ["12"],
      condition: { nodeIds: ["n3"], creators: [], assignees: ["10086"] },
    });
  });

  it("means all without any lists", async () => {
    const { client, commands } = given();
    await client.createTrigger({ trigger: { platformId: "p1" } });
    const none = { actions: [], appIds: [], condition: { nodeIds: [], creators: [], assignees: [] } };
    expect(commands[0]?.command.trigger).toEqual(none);
  });

  it.each<[string, object, string[]]>([
    ["nothing", {}, ["trigger"]],
    ["no platform", { trigger: { actions: ["receive"] } }, ["trigger.platformId"]],
    [
      "actions that there are not",
      { trigger: { platformId: "p1", actions: ["receive", "recieve", "action.questionnaire.1", ""] } },
      ["trigger.actions[1]", "trigger.actions[2]", "trigger.actions[3]"],
    ],
    ["an app twice", { trigger: { platformId: "p1", appIds: ["12", "12"] } }, ["trigger.appIds"]],
    [
      "an empty number",
      { trigger: { platformId: "p1", condition: { creators: [""] } } },
      ["trigger.condition.creators[0]"],
    ],
  ])("refuses %s", async (_, request, fields) => {
    expect(await refusalOf(given().client.createTrigger(request))).toMatchObject({ reason: "INVALID_FIELD", fields });
  });

  it("names what is no action, and what there is", async () => {
    const { message } = await refusalOf(
      given().client.createTrigger({ trigger: { platformId: "p1", actions: ["recieve"] } }),
    );
    expect(message).toContain('"recieve" is no action');
    expect(message).toContain("after_examine");
  });

  it("refuses a platform that there is not", async () => {
    const call = platformsHere().client.createTrigger({ trigger: { platformId: "p9" } });
    expect(await refusalOf(call)).toMatchObject({ code: "NotFound", reason: "PLATFORM_NOT_FOUND" });
  });
});

describe("ListTriggers", () => {
  const triggers = [
    aTrigger({ id: "t1" }),
    aTrigger({ id: "t2", platformId: "p2", actions: ["receive"] }),
    aTrigger({ id: "t3" }),
  ];

  it("shows those of one platform, or all, in pages", async () => {
    const { client, putTriggers } = given();
    putTriggers(...triggers);
    const ids = async (request: object) => (await client.listTriggers(request)).triggers.map(({ id }) => id);
    expect(await ids({})).toEqual(["t1", "t2", "t3"]);
    expect(await ids({ platformId: "p1" })).toEqual(["t1", "t3"]);
    const { nextPageToken: pageToken } = await client.listTriggers({ pageSize: 1, platformId: "p1" });
    expect(await ids({ pageToken, platformId: "p1" })).toEqual(["t3"]);
    expect(await refusalOf(client.listTriggers({ pageToken }))).toMatchObject({ reason: "PAGE_TOKEN_MISMATCH" });
  });
});

describe("DeleteTrigger", () => {
  it("hands on which, who and why", async () => {
    const { client, commands } = given();
    await client.deleteTrigger({ triggerId: "t1", changedBy: "li", reason: "over", requestId: "r" });
    expect(commands).toEqual([
      { method: "deleteTrigger", id: "t1", command: { changedBy: "li", reason: "over", requestId: "r" } },
    ]);
  });

  it("refuses no id, and one that there is not", async () => {
    const { client } = platformsHere({
      deleteTrigger: async () => {
        throw new BelfryError("TRIGGER_NOT_FOUND", "There is no such trigger.");
      },
    });
    expect(await refusalOf(client.deleteTrigger({}))).toMatchObject({ fields: ["triggerId"] });
    expect(await refusalOf(client.deleteTrigger({ triggerId: "t9" }))).toMatchObject({
      code: "NotFound",
      reason: "TRIGGER_NOT_FOUND",
    });
  });
});

describe("a trigger", () => {
  it("is stored without its id, and read as it was", () => {
    const trigger = aTrigger({ actions: ["receive"], appIds: ["12"] });
    const state = stateOfTrigger(trigger);
    expect(state).not.toHaveProperty("id");
    expect(triggerOfState("t1", state)).toEqual(trigger);
  });
});
