import { describe, expect, it } from "vitest";
import type { PushFacts } from "../../../../src/domain/approval/push-facts.ts";
import { shuwei } from "../../../../src/platforms/shuwei/shuwei.ts";
import { shuweiV2 } from "../../../../src/platforms/shuwei_v2/shuwei-v2.ts";
import { acknowledged } from "../acknowledging.ts";
import { afterwards, done, factsOf, li, open, outlined, pushed, session, settingsOf, wang, zhang } from "./leave.ts";

const known = acknowledged({ "77_9001": "TODO" });
const withWang = { ...open, assignees: [wang] };
const handed = (handler: string, transferTo: string) => [
  ["POST taskTransfer", [{ appId: "APP", taskId: "77_9001", handler, transferTo, handleOpinions: "转办" }]],
];

describe("a handing over (转办) is told from those who have the todo there to those who have it here", () => {
  it.each<PushFacts["action"]>(["receive", "after_examine", "change_assignee", "manual"])(
    "on %s, though no event told of it",
    (action) => {
      expect(pushed(shuwei, { action, item: withWang, acknowledged: known })).toEqual(handed("10086", "10087"));
    },
  );

  it("whatever the event says: it may be late", () => {
    const late = { action: "change_assignee", item: withWang, transfer: { from: [zhang], to: [li] } } as const;
    expect(pushed(shuwei, { ...late, acknowledged: known })).toEqual(handed("10086", "10087"));
    expect(outlined(shuwei, { ...late, item: open, acknowledged: known })).toMatch(/already/u);
  });

  it("as a whole, when somebody is only added, or only left out", () => {
    const both = { ...open, assignees: [li, wang] };
    expect(pushed(shuwei, { item: both, acknowledged: known })).toEqual(handed("10086", "10086,10087"));
    const had = acknowledged({ "77_9001": { status: "TODO", assignees: ["10086", "10087"] } });
    expect(pushed(shuwei, { item: open, acknowledged: had })).toEqual(handed("10086,10087", "10086"));
  });

  it("before an urge, which goes to those who have it now", () => {
    expect(outlined(shuwei, { action: "remind_task", item: withWang, acknowledged: known })).toEqual([
      "transfer 77_9001",
      "urge 77_9001",
    ]);
  });

  it("once: then all is as it should be", () => {
    for (const connector of [shuwei, shuweiV2]) {
      const settings = settingsOf(connector);
      const facts = factsOf({ action: "change_assignee", item: withWang, acknowledged: known });
      const again = connector.plan(afterwards(facts, connector.plan(facts, settings)), settings);
      expect(again).toEqual({ kind: "skip", reason: "The platform has acknowledged this already." });
    }
  });
});

describe("a todo that somebody did who does not have it there", () => {
  const byWang = { action: "after_examine", item: { ...done, handledBy: wang }, acknowledged: known } as const;

  it("goes to him first in V1, where only those who have it can complete it", () => {
    expect(outlined(shuwei, byWang)).toEqual(["transfer 77_9001", "complete 77_9001"]);
    expect(pushed(shuwei, byWang)[0]).toEqual(handed("10086", "10087")[0]);
    expect(outlined(shuwei, byWang, { transferMode: "recreate" })).toEqual([
      "complete 77_9001",
      "add 77_9001_10087",
      "complete 77_9001_10087",
    ]);
  });

  it("is completed by him at once in V2", () => {
    expect(outlined(shuweiV2, byWang)).toEqual(["complete 77_9001"]);
  });

  it("ends the session once, under whatever id the todo has that was made for him", () => {
    const settings = settingsOf(shuwei, { transferMode: "recreate" });
    const had = acknowledged({
      "77_9001_10087": "DONE",
      "77_9001_10088": { status: "TODO", assignees: ["10088"] },
    });
    const facts = factsOf({
      ...byWang,
      action: "after_end",
      session: { ...session, state: "COMPLETED" },
      acknowledged: had,
    });
    const plan = shuwei.plan(facts, settings);
    expect(plan).toMatchObject({
      desired: new Map(Object.entries({ "77_9001_10088": "DONE", "77_9001_10087.2": "FINISH" })),
    });
    expect(shuwei.plan(afterwards(facts, plan), settings).kind).toBe("skip");
  });
});
