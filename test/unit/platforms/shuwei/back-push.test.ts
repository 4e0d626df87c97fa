import { describe, expect, it } from "vitest";
import type { WorkItem } from "../../../../src/domain/approval/session.ts";
import { shuwei } from "../../../../src/platforms/shuwei/shuwei.ts";
import { shuweiV2 } from "../../../../src/platforms/shuwei_v2/shuwei-v2.ts";
import { acknowledged, believing } from "../acknowledging.ts";
import { afterwards, done, DONE_AT, factsOf, li, open, operationsOf, outline, outlined, settingsOf } from "./leave.ts";

function doneItem(id: string, minute: number, previousIds: readonly string[] = []): WorkItem {
  const finishedAt = DONE_AT - 3_600_000 + minute * 60_000;
  return { ...done, id, previousIds, createdAt: finishedAt - 30_000, finishedAt };
}

describe.each([shuwei, shuweiV2])("back-push of $name", (connector) => {
  const examined = { ...done, previousIds: ["3", "2"] };
  const first = doneItem("1", 1);
  const second = doneItem("2", 5, ["1"]);
  const third = doneItem("3", 3, ["1"]);
  const chain = { action: "after_examine", item: examined, items: [first, second, third, examined] } as const;

  it("R-049: all items before it are completed one by one, in the order in which they were done, and then the item", () => {
    const settings = settingsOf(connector);
    const operations = operationsOf(connector.plan(factsOf(chain), settings));
    expect(outline(operations)).toEqual(["complete 77_1", "complete 77_3", "complete 77_2", "complete 77_9001"]);
  });

  it("R-049: an item that does not name those before it has those that the process log shows before it came", () => {
    const later = doneItem("5", 60);
    const log = [second, third, first, later, open].map(({ id, finishedAt }) => ({
      workItemId: id,
      actor: li,
      operation: "agree",
      opinion: "",
      at: finishedAt ?? 0,
    }));
    const facts = { ...chain, item: done, items: [first, second, third, done, later], log };
    expect(outlined(connector, facts)).toEqual(["complete 77_1", "complete 77_3", "complete 77_2", "complete 77_9001"]);
  });

  it("R-052: what the platform has acknowledged is not completed again", () => {
    const facts = { ...chain, acknowledged: acknowledged({ "77_1": "DONE", "77_3": "DONE", "77_2": "TODO" }) };
    expect(outlined(connector, facts)).toEqual(["complete 77_2", "complete 77_9001"]);
  });

  it("R-052: pushed twice, the second time nothing is left", () => {
    const settings = settingsOf(connector);
    const facts = factsOf(chain);
    const again = connector.plan(afterwards(facts, connector.plan(facts, settings)), settings);
    expect(again).toEqual({ kind: "skip", reason: "The platform has acknowledged this already." });
  });

  it("R-049: one failure stops the chain", () => {
    const operations = operationsOf(connector.plan(factsOf(chain), settingsOf(connector)));
    expect(operations.map(({ onFailure }) => onFailure)).toEqual(["stop", "stop", "stop", "stop"]);
  });

  it("R-049: items before it that are still open, or were taken away, are left alone", () => {
    const facts = {
      ...chain,
      items: [{ ...first, state: "OPEN" }, { ...second, state: "WITHDRAWN" }, third, examined],
    } as const;
    expect(outlined(connector, facts)).toEqual(["complete 77_3", "complete 77_9001"]);
  });

  it("R-049: items that name each other in a circle are each completed once", () => {
    const facts = { ...chain, items: [{ ...first, previousIds: ["9001", "2"] }, second, third, examined] };
    expect(outlined(connector, facts)).toEqual(["complete 77_1", "complete 77_3", "complete 77_2", "complete 77_9001"]);
  });

  it("R-050: one that the platform does not know is put first, in its own place, and then completed", () => {
    const settings = settingsOf(connector);
    const facts = factsOf(chain);
    const operations = operationsOf(connector.plan(facts, settings));
    const repair = connector.repairOf(operations[0]!, facts, settings);
    expect(outline(repair)).toEqual(["add 77_1"]);
    expect(repair[0]).toMatchObject({
      acknowledges: believing("77_1", "TODO"),
      body: { taskId: "77_1", handlers: "10086" },
    });
  });
});
