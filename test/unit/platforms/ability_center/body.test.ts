import { describe, expect, it } from "vitest";
import { abilityCenter } from "../../../../src/platforms/ability_center/connector.ts";
import type { PushFacts } from "../../../../src/domain/approval/push-facts.ts";
import type { JsonObject } from "../../../../src/domain/json.ts";
import { aDoneItem, aSession, anItem, at, facts, operationsOf, person, settingsOf } from "./facts-given.ts";

const SETTINGS = settingsOf(abilityCenter);

function bodyOf(given: PushFacts, settings = SETTINGS): { readonly inst: JsonObject; readonly task: JsonObject } {
  const [first] = operationsOf(abilityCenter.plan(given, settings));
  return first!.body as { inst: JsonObject; task: JsonObject };
}

describe("the body of a push to 能力中心", () => {
  it("R-011: is word for word that of the wire contract", () => {
    expect(JSON.stringify(bodyOf(facts("receive")))).toBe(
      JSON.stringify({
        inst: {
          instId: 77,
          appId: 12,
          appName: "请假",
          instStatus: 0,
          instCreatorNumber: "2021001",
          instCreatorName: "张三",
          instCreated: "2026-01-02 03:04:05",
          instFinished: null,
          formUrlView: "https://h/pc/inst/77",
          formMobileUrlView: "https://h/m/inst/77",
        },
        task: {
          taskId: 9001,
          instId: 77,
          nodeName: "部门审核",
          taskStatus: 0,
          instUser: ["10086"],
          taskCreated: "2026-01-02 03:04:06",
          taskFinished: null,
          formUrl: "https://h/pc/task/9001",
          formMobileUrl: "https://h/m/task/9001",
        },
        sendMsg: 0,
      }),
    );
  });

  it.each([
    ["RUNNING", 0],
    ["SUSPENDED", 0],
    ["ABORTED", 1],
    ["COMPLETED", 2],
    ["REJECTED", 3],
    ["REVOKED", 4],
  ] as const)("R-012: a session that is %s has the status %i", (state, status) => {
    expect(bodyOf(facts("manual", { session: aSession({ state }) })).inst["instStatus"]).toBe(status);
  });

  it.each([
    ["OPEN", 0],
    ["CLAIMED", 0],
    ["DONE", 3],
    ["WITHDRAWN", 3],
  ] as const)("R-013: a work item that is %s has the status %i", (state, status) => {
    expect(bodyOf(facts("manual", { item: anItem({ state }) })).task["taskStatus"]).toBe(status);
  });

  it("R-012, R-013: takes other statuses from the settings, also such as are no numbers", () => {
    const settings = settingsOf(abilityCenter, { sessionStatus: { RUNNING: "running" }, taskStatus: { OPEN: "7" } });
    const { inst, task } = bodyOf(facts("receive"), settings);
    expect([inst["instStatus"], task["taskStatus"]]).toEqual(["running", 7]);
  });

  it("keeps ids as text that are no integers, or greater ones than JSON carries exactly", () => {
    const session = aSession({ id: "s-77", appId: "012" });
    const { inst, task } = bodyOf(facts("receive", { session, item: anItem({ id: "90071992547409930" }) }));
    expect([inst["instId"], inst["appId"], task["taskId"], task["instId"]]).toEqual([
      "s-77",
      "012",
      "90071992547409930",
      "s-77",
    ]);
  });

  it("sends ids and statuses as text when numericIds is off", () => {
    const { inst, task } = bodyOf(facts("receive"), settingsOf(abilityCenter, { numericIds: false }));
    expect([inst["instId"], inst["instStatus"], task["taskId"]]).toEqual(["77", "0", "9001"]);
  });

  it("R-037: takes the Chinese name of the app and of the node, and another language only without one", () => {
    const session = aSession({ appName: { en: "Leave" } });
    const { inst, task } = bodyOf(facts("receive", { session }));
    expect([inst["appName"], task["nodeName"]]).toEqual(["Leave", "部门审核"]);
  });

  it("R-039: links an open item to its todo view, and a done one to the view of what was done", () => {
    const view = { pc: "https://h/pc/done/9001", h5: "" };
    const done = bodyOf(facts("after_examine", { item: aDoneItem({ view }) })).task;
    expect(bodyOf(facts("receive", { item: anItem({ view }) })).task["formUrl"]).toBe("https://h/pc/task/9001");
    // Without a view of its own for phones: that of the application.
    expect([done["formUrl"], done["formMobileUrl"]]).toEqual([view.pc, "https://h/m/inst/77"]);
  });

  it("says when the session and the item were finished", () => {
    const session = aSession({ state: "COMPLETED", finishedAt: at("04:00:01") });
    const { inst, task } = bodyOf(facts("after_end", { session, item: aDoneItem() }));
    expect([inst["instFinished"], task["taskFinished"]]).toEqual(["2026-01-02 04:00:01", "2026-01-02 04:00:00"]);
  });

  it("writes times on the wall of the time zone that is set", () => {
    const { inst } = bodyOf(facts("receive"), settingsOf(abilityCenter, { timeZone: "UTC" }));
    expect(inst["instCreated"]).toBe("2026-01-01 19:04:05");
  });

  it("names everybody who has the item once, and with a done one who did it for them", () => {
    const assignees = [person("1"), person("2"), person("1"), person("")];
    expect(bodyOf(facts("receive", { item: anItem({ assignees }) })).task["instUser"]).toEqual(["1", "2"]);
    const done = aDoneItem({ assignees, handledBy: person("9") });
    expect(bodyOf(facts("after_examine", { item: done })).task["instUser"]).toEqual(["1", "2", "9"]);
  });
});
