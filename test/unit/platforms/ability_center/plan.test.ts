import { describe, expect, it } from "vitest";
import type { PushFacts } from "../../../../src/domain/approval/push-facts.ts";
import { abilityCenter } from "../../../../src/platforms/ability_center/connector.ts";
import { after, forgetting } from "../acknowledging.ts";
import { aDoneItem, aSession, anItem, at, facts, operationsOf, person, settingsOf } from "./facts-given.ts";
import { plan, tellings } from "./tellings.ts";

const ended = (state: "COMPLETED" | "ABORTED" | "REJECTED" | "REVOKED") =>
  aSession({ state, finishedAt: at("05:00:00") });
const WITHDRAWN = anItem({ state: "WITHDRAWN" });
const OPEN_THERE = { "77_9001": "0" };

describe("what 能力中心 is told", () => {
  it.each<[string, PushFacts, string[]]>([
    ["receive", facts("receive"), ["upsert 77_9001: 9001 of 10086 is 0, inst 0"]],
    [
      "after_examine",
      facts("after_examine", { item: aDoneItem(), acknowledged: OPEN_THERE }),
      ["upsert 77_9001: 9001 of 10086 is 3, inst 0"],
    ],
    [
      "after_end",
      facts("after_end", { session: ended("COMPLETED"), item: aDoneItem(), acknowledged: OPEN_THERE }),
      ["upsert 77_9001: 9001 of 10086 is 3, inst 2"],
    ],
    [
      "task_abort",
      facts("task_abort", { session: ended("ABORTED"), item: WITHDRAWN, acknowledged: OPEN_THERE }),
      ["upsert 77_9001: 9001 of 10086 is 3, inst 1"],
    ],
    [
      "reject",
      facts("reject", { session: ended("REJECTED"), item: aDoneItem(), acknowledged: OPEN_THERE }),
      ["upsert 77_9001: 9001 of 10086 is 3, inst 3"],
    ],
    [
      "revoke",
      facts("revoke", { session: ended("REVOKED"), item: WITHDRAWN, acknowledged: OPEN_THERE }),
      ["upsert 77_9001: 9001 of 10086 is 3, inst 4"],
    ],
    [
      "change_assignee",
      facts("change_assignee", {
        item: anItem({ assignees: [person("10010")] }),
        transfer: { from: [person("10086")], to: [person("10010")] },
        acknowledged: OPEN_THERE,
      }),
      ["release 77_9001_10086: 9001 of 10086 is 3, inst 0", "upsert 77_9001: 9001 of 10010 is 0, inst 0"],
    ],
    [
      "remind_task",
      facts("remind_task", { note: "请尽快办理", acknowledged: OPEN_THERE }),
      ["upsert 77_9001: 9001 of 10086 is 0, inst 0, message"],
    ],
    [
      "task_resume (suspended)",
      facts("task_resume", { session: aSession({ state: "SUSPENDED" }), acknowledged: OPEN_THERE }),
      ["upsert 77_9001: 9001 of 10086 is 0, inst 0"],
    ],
    [
      "sess_delete",
      facts("sess_delete", { item: null, items: [aDoneItem({ id: "9000" }), anItem()], acknowledged: OPEN_THERE }),
      ["upsert 77_9000: 9000 of 10086 is 3, inst 4", "upsert 77_9001: 9001 of 10086 is 3, inst 4"],
    ],
    [
      "archive",
      facts("archive", { session: ended("COMPLETED"), item: aDoneItem(), acknowledged: { "77": "2", "77_9001": "3" } }),
      ["upsert 77_9001: 9001 of 10086 is 3, inst 2"],
    ],
    ["manual (open)", facts("manual"), ["upsert 77_9001: 9001 of 10086 is 0, inst 0"]],
    ["manual (done)", facts("manual", { item: aDoneItem() }), ["upsert 77_9001: 9001 of 10086 is 3, inst 0"]],
    [
      "manual (ended)",
      facts("manual", { session: ended("COMPLETED"), item: aDoneItem() }),
      ["upsert 77_9001: 9001 of 10086 is 3, inst 2"],
    ],
    [
      "manual (aborted)",
      facts("manual", { session: ended("ABORTED"), item: WITHDRAWN }),
      ["upsert 77_9001: 9001 of 10086 is 3, inst 1"],
    ],
  ])("R-011, R-031: on %s", (_, given, expected) => {
    expect(tellings(given)).toEqual(expected);
  });

  it("is how things stand when the push runs: a late 接收 of a done item does not open it again", () => {
    const given = facts("receive", { session: ended("COMPLETED"), item: aDoneItem() });
    expect(tellings(given)[0]).toBe("upsert 77_9001: 9001 of 10086 is 3, inst 2");
  });

  it("R-011: is desired afterwards under the third ids of the item and of the session", () => {
    const running = plan(facts("receive"));
    const over = plan(facts("after_end", { session: ended("COMPLETED"), item: aDoneItem() }));
    expect(running).toMatchObject({
      desired: new Map(Object.entries({ "77_9001": "0", "77": "0" })),
      assignees: ["10086"],
    });
    expect(over).toMatchObject({ desired: new Map(Object.entries({ "77_9001": "3", "77": "2" })) });
  });

  it("R-060: is the same a second time, and then nothing differs from what was acknowledged", () => {
    const given = facts("after_end", { session: ended("COMPLETED"), item: aDoneItem() });
    const first = plan(given);
    const acknowledged = after(given.acknowledged, operationsOf(first));
    expect(plan({ ...given, acknowledged })).toEqual(first);
    const statuses = new Map([...acknowledged].map(([id, { status }]) => [id, status]));
    expect(first).toMatchObject({ desired: statuses });
  });

  it("sets the instance back to running when the session goes on after it had ended", () => {
    expect(tellings(facts("task_resume", { acknowledged: { "77": "1", "77_9001": "3" } }))).toEqual([
      "upsert 77_9001: 9001 of 10086 is 0, inst 0",
    ]);
  });

  it("closes with the session also the other items that the platform shows open, but makes no new ones", () => {
    const items = ["9001", "9002", "9003"].map((id) => anItem({ id, state: "WITHDRAWN" }));
    const acknowledged = { "77_9001": "0", "77_9002": "0" };
    const given = facts("task_abort", { session: ended("ABORTED"), items, acknowledged });
    expect(tellings(given).map((each) => each.split(":")[0])).toEqual(["upsert 77_9001", "upsert 77_9002"]);
  });

  it("goes on to the next item when one fails for good", () => {
    const items = [anItem(), anItem({ id: "9002" })];
    const plans = operationsOf(plan(facts("sess_delete", { item: null, items })));
    expect(plans.map(({ onFailure }) => onFailure)).toEqual(["go-on", "go-on"]);
  });
});

describe("a push about the session as a whole", () => {
  it("tells of the items that differ from what the platform has acknowledged", () => {
    const items = [aDoneItem(), aDoneItem({ id: "9002" })];
    const given = facts("after_end", {
      session: ended("COMPLETED"),
      item: null,
      items,
      acknowledged: { "77_9001": "3", "77_9002": "0" },
    });
    expect(tellings(given)).toEqual(["upsert 77_9002: 9002 of 10086 is 3, inst 2"]);
  });

  it("tells of the instance with its newest task when all items are as they should be", () => {
    const items = [aDoneItem(), aDoneItem({ id: "9002" })];
    const acknowledged = { "77_9001": "3", "77_9002": "3" };
    const given = facts("archive", { session: ended("COMPLETED"), item: null, items, acknowledged });
    expect(tellings(given)).toEqual(["upsert_instance 77: 9002 of 10086 is 3, inst 2"]);
  });

  it("tells of all items when asked by hand", () => {
    const items = [aDoneItem(), anItem({ id: "9002" })];
    const acknowledged = { "77_9001": "3", "77_9002": "0" };
    expect(tellings(facts("manual", { item: null, items, acknowledged }))).toHaveLength(2);
  });

  it("R-040: tells of one that ends as it begins (发起即结束) without a task", () => {
    const session = { ...ended("COMPLETED"), isStartAndEnd: true };
    const given = facts("after_end", { session, items: [] });
    expect(tellings(given)).toEqual(["upsert_instance 77: no task, inst 2"]);
    expect(plan(given)).toMatchObject({ desired: new Map([["77", "2"]]), assignees: [] });
    expect(plan(given, settingsOf(abilityCenter, { pushWithoutTask: false }))).toEqual({
      kind: "skip",
      reason: "The platform has no task of the session, and the setting pushWithoutTask is off.",
    });
  });
});

describe("urging (催办)", () => {
  it("asks for a message for the urged item alone", () => {
    const items = [anItem(), anItem({ id: "9002" })];
    expect(tellings(facts("remind_task", { items }))).toEqual(["upsert 77_9001: 9001 of 10086 is 0, inst 0, message"]);
  });

  it("of a session urges every item that is still open", () => {
    const items = [aDoneItem(), anItem({ id: "9002" })];
    expect(tellings(facts("remind_task", { item: null, items }))).toEqual([
      "upsert 77_9002: 9002 of 10086 is 0, inst 0, message",
    ]);
  });

  it("is skipped when it comes after the item was done", () => {
    expect(plan(facts("remind_task", { item: aDoneItem() }))).toEqual({
      kind: "skip",
      reason: "Nothing of it is open any more, so there is nobody to be urged.",
    });
  });

  it("can be silent, and other actions can have messages", () => {
    const settings = settingsOf(abilityCenter, { messageEvents: ["receive"] });
    expect(tellings(facts("remind_task"), settings)[0]).not.toContain("message");
    expect(tellings(facts("receive"), settings)[0]).toContain("message");
  });
});

describe("a deletion", () => {
  const settings = settingsOf(abilityCenter, { deletePath: "/third/task.delete" });
  const items = [aDoneItem({ id: "9000" }), anItem()];

  it("R-042: deletes every task one by one and then the instance, where the platform can delete", () => {
    const given = plan(facts("sess_delete", { item: null, items }), settings);
    expect(operationsOf(given)).toEqual([
      {
        kind: "delete_task",
        thirdId: "77_9000",
        body: { taskId: 9000, instId: 77 },
        onFailure: "stop",
        acknowledges: forgetting("77_9000"),
      },
      {
        kind: "delete_task",
        thirdId: "77_9001",
        body: { taskId: 9001, instId: 77 },
        onFailure: "stop",
        acknowledges: forgetting("77_9001"),
      },
      {
        kind: "delete_instance",
        thirdId: "77",
        body: { instId: 77 },
        onFailure: "stop",
        acknowledges: forgetting("77"),
      },
    ]);
    expect(given).toMatchObject({
      desired: new Map([
        ["77_9000", null],
        ["77_9001", null],
        ["77", null],
      ]),
      assignees: [],
    });
  });

  it("leaves nothing that is believed, of former holders neither", () => {
    const known = { ...OPEN_THERE, "77": "0", "77_9000": "3", "77_9000_1": "3", "77_9001_1": "3", "78_9001": "0" };
    const given = facts("sess_delete", { item: null, items, acknowledged: known });
    expect([...after(given.acknowledged, operationsOf(plan(given, settings))).keys()]).toEqual(["78_9001"]);
  });

  it("is told by another status when that is set", () => {
    const given = facts("sess_delete", { items: [anItem()] });
    expect(tellings(given, settingsOf(abilityCenter, { deletedStatus: "9" }))[0]).toContain("is 3, inst 9");
  });

  it("of a session that became a draft again goes when the platform knows of it", () => {
    const session = aSession({ state: "DRAFT" });
    expect(plan(facts("sess_delete", { session, acknowledged: OPEN_THERE }), settings).kind).toBe("push");
    expect(plan(facts("sess_delete", { session }), settings).kind).toBe("skip");
  });

  it("R-062: happens on archiving (归档) too when that is set, also when archive is not listed", () => {
    const archiving = { deleteOnArchive: true, events: ["receive"] };
    const given = facts("archive", { session: ended("COMPLETED"), item: aDoneItem(), acknowledged: { "77": "2" } });
    expect(tellings(given, settingsOf(abilityCenter, archiving))).toEqual([
      "upsert 77_9001: 9001 of 10086 is 3, inst 4",
    ]);
    expect(plan(given, settingsOf(abilityCenter, { events: ["receive"] }))).toMatchObject({ kind: "skip" });
  });
});

describe("what 能力中心 is not told", () => {
  it.each<[string, PushFacts, string]>([
    [
      "R-033: a questionnaire (问卷通)",
      facts("manual", { session: aSession({ isQuestionnaire: true }) }),
      "The session is a questionnaire (问卷通), and questionnaires are not pushed.",
    ],
    [
      "a draft (草稿)",
      facts("manual", { session: aSession({ state: "DRAFT" }) }),
      "The session is a draft, and the setting sessionStatus has no entry for DRAFT.",
    ],
    [
      "an item that nobody has yet",
      facts("receive", { item: anItem({ assignees: [] }) }),
      "Nobody has the work item yet, so there is nobody to show it to.",
    ],
  ])("%s", (_, given, reason) => {
    expect(plan(given)).toEqual({ kind: "skip", reason });
  });

  it("an action that events does not list", () => {
    expect(plan(facts("receive"), settingsOf(abilityCenter, { events: ["after_end"] }))).toEqual({
      kind: "skip",
      reason: "The setting events does not list the action receive.",
    });
  });

  it("an item in a state that taskStatus leaves out", () => {
    expect(plan(facts("receive"), settingsOf(abilityCenter, { taskStatus: { DONE: "3" } }))).toEqual({
      kind: "skip",
      reason: "The setting taskStatus has no entry for OPEN, the state of the work item.",
    });
  });
});

describe("a manual push where events does not list it", () => {
  const settings = settingsOf(abilityCenter, { events: ["after_examine", "after_end"] });

  it("goes for what the listed actions would have pushed", () => {
    expect(plan(facts("manual", { item: aDoneItem() }), settings).kind).toBe("push");
    expect(plan(facts("manual", { session: ended("COMPLETED"), item: aDoneItem() }), settings).kind).toBe("push");
  });

  it("does not go for what none of them would have pushed", () => {
    expect(plan(facts("manual"), settings)).toEqual({
      kind: "skip",
      reason:
        "The setting events lists none of the actions that would have pushed this, and the platform knows nothing of it.",
    });
  });

  it("goes for what the platform shows already, so that it can be put right", () => {
    expect(plan(facts("manual", { acknowledged: { "77_9001": "3" } }), settings).kind).toBe("push");
  });

  it("of a session leaves out the items that are not wanted", () => {
    const items = [aDoneItem(), anItem({ id: "9002" })];
    expect(tellings(facts("manual", { item: null, items }), settings)).toEqual([
      "upsert 77_9001: 9001 of 10086 is 3, inst 0",
    ]);
  });
});
