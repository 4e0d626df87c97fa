import { describe, expect, it } from "vitest";
import { after } from "../acknowledging.ts";
import { anItem, at, facts, operationsOf, person } from "./facts-given.ts";
import { plan, tellings, told } from "./tellings.ts";

const OPEN_THERE = { "77_9001": "0" };

describe("a transfer (转办)", () => {
  const transfer = { from: [person("1"), person("2"), person("2")], to: [person("3")] };

  it("is done for each who had the item and has it no more, before it is one for who has it", () => {
    const item = anItem({ assignees: [person("2"), person("3")] });
    const given = facts("change_assignee", { item, transfer });
    expect(tellings(given)).toEqual([
      "release 77_9001_1: 9001 of 1 is 3, inst 0",
      "upsert 77_9001: 9001 of 2+3 is 0, inst 0",
    ]);
    expect(plan(given)).toMatchObject({
      desired: new Map(Object.entries({ "77_9001_1": "3", "77_9001": "0", "77": "0" })),
      assignees: ["2", "3"],
    });
  });

  it("names whoever has the item now, also when it has been handed on meanwhile", () => {
    const item = anItem({ assignees: [person("4")] });
    expect(tellings(facts("change_assignee", { item, transfer })).at(-1)).toContain("of 4 is 0");
  });

  it("that no event told of is made up for, whatever is pushed: who is known to have it there has it no more", () => {
    const item = anItem({ assignees: [person("3")] });
    const known = { "77_9001": { status: "0", assignees: ["1", "3"] } };
    expect(tellings(facts("receive", { item, acknowledged: known }))).toEqual([
      "release 77_9001_1: 9001 of 1 is 3, inst 0",
      "upsert 77_9001: 9001 of 3 is 0, inst 0",
    ]);
    expect(tellings(facts("task_resume", { item: null, items: [item], acknowledged: known }))).toHaveLength(2);
  });

  it("is told to those who had it once: the same event again, or late, tells them nothing more", () => {
    const item = anItem({ assignees: [person("4")] });
    const given = facts("change_assignee", {
      item,
      transfer,
      acknowledged: { "77_9001": { status: "0", assignees: ["1", "2"] } },
    });
    const first = operationsOf(plan(given));
    expect(first.map(({ kind, thirdId }) => `${kind} ${thirdId}`)).toEqual([
      "release 77_9001_1",
      "release 77_9001_2",
      "upsert 77_9001",
    ]);
    expect(tellings({ ...given, acknowledged: after(given.acknowledged, first) })).toEqual([
      "upsert 77_9001: 9001 of 4 is 0, inst 0",
    ]);
  });

  it("back to who had it before makes him a holder again, and no former one", () => {
    const item = anItem({ assignees: [person("1")] });
    const known = { "77_9001": { status: "0", assignees: ["2"] }, "77_9001_1": { status: "3", assignees: ["1"] } };
    const given = facts("change_assignee", { item, transfer, acknowledged: known });
    const operations = operationsOf(plan(given));
    expect(operations.map(told)).toEqual([
      "release 77_9001_2: 9001 of 2 is 3, inst 0",
      "upsert 77_9001: 9001 of 1 is 0, inst 0",
    ]);
    expect([...after(given.acknowledged, operations).keys()]).toEqual(["77", "77_9001", "77_9001_2"]);
  });

  it("to nobody is done for those who had it, once", () => {
    const given = facts("change_assignee", { item: anItem({ assignees: [] }), acknowledged: OPEN_THERE });
    const operations = operationsOf(plan(given));
    expect(operations.map(told)).toEqual(["upsert 77_9001: 9001 of 10086 is 3, inst 0"]);
    const known = after(given.acknowledged, operations);
    expect(known.get("77_9001")).toMatchObject({ status: "3", assignees: [] });
  });

  it("shows a former holder what was done, at the time of the last thing he did", () => {
    const log = [
      { workItemId: "9001", actor: person("1"), operation: "comment", opinion: "", at: at("06:00:00") },
      { workItemId: "9001", actor: person("1"), operation: "transfer", opinion: "", at: at("07:00:00") },
      { workItemId: "9002", actor: person("1"), operation: "agree", opinion: "", at: at("08:00:00") },
    ];
    const item = anItem({ assignees: [person("3")] });
    const [release] = operationsOf(plan(facts("change_assignee", { item, transfer, log })));
    expect(release!.body).toMatchObject({
      task: { taskFinished: "2026-01-02 07:00:00", formUrl: "https://h/pc/inst/77" },
    });
  });
});
