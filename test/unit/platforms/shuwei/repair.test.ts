import { describe, expect, it } from "vitest";
import type { PushFacts } from "../../../../src/domain/approval/push-facts.ts";
import { shuwei } from "../../../../src/platforms/shuwei/shuwei.ts";
import { shuweiV2 } from "../../../../src/platforms/shuwei_v2/shuwei-v2.ts";
import { acknowledged, believing } from "../acknowledging.ts";
import {
  applied,
  done,
  factsOf,
  li,
  open,
  operationsOf,
  outline,
  session,
  settingsOf,
  wang,
  withdrawn,
} from "./leave.ts";

const handedOver = { item: { ...open, assignees: [wang] }, transfer: { from: [li], to: [wang] } };
const aborted = { ...session, state: "ABORTED" } as const;
const ended = { ...session, state: "COMPLETED" } as const;

describe.each([shuwei, shuweiV2])("R-050, R-051: what $name does not know is put there, by", (connector) => {
  function repairs(changes: Partial<PushFacts>, which = 0) {
    const settings = settingsOf(connector);
    const facts = factsOf(changes);
    const operation = operationsOf(connector.plan(facts, settings))[which]!;
    return connector.repairOf(operation, facts, settings);
  }

  it("a completion: added for those who had it", () => {
    const repair = repairs({ action: "after_examine", item: done });
    expect(outline(repair)).toEqual(["add 77_9001"]);
    expect(repair).toMatchObject([
      { body: { taskId: "77_9001", handlers: "10086" }, acknowledges: believing("77_9001", "TODO") },
    ]);
  });

  it("a completion by somebody who is not among them: added for the one who did it", () => {
    const repair = repairs({ action: "after_examine", item: { ...done, handledBy: wang } });
    expect(repair).toMatchObject([{ body: { handlers: "10087" } }]);
  });

  it("a handing over: added for those who had it, so that it can be handed over", () => {
    const repair = repairs({ action: "change_assignee", ...handedOver });
    expect(repair).toMatchObject([{ kind: "add", thirdId: "77_9001", body: { handlers: "10086" } }]);
  });

  it("an urge: added", () => {
    expect(outline(repairs({ action: "remind_task" }))).toEqual(["add 77_9001"]);
  });

  it("a termination: added", () => {
    const facts = { action: "task_abort", item: withdrawn, session: aborted } as const;
    expect(outline(repairs(facts))).toEqual(["add 77_9001"]);
  });

  it("a resumption, of a session that was never put: its open items are added", () => {
    expect(outline(repairs({ action: "task_resume" }))).toEqual(["add 77_9001"]);
    const whole = { action: "task_resume", item: null, items: [applied, open] } as const;
    expect(outline(repairs(whole))).toEqual(["add 77_9001"]);
  });

  it("a deletion or an addition: by nothing", () => {
    expect(repairs({ action: "sess_delete" })).toEqual([]);
    expect(repairs({ action: "receive" })).toEqual([]);
  });

  it("an item of nobody: by nothing, as none could be added", () => {
    expect(repairs({ action: "task_resume", item: { ...open, assignees: [] } })).toEqual([]);
  });
});

describe("a transaction that is unknown though its todos were acknowledged", () => {
  const known = acknowledged({ "77_9001": "TODO" });

  it("V1 calls transactions by ids of its own: nothing is put twice", () => {
    const settings = settingsOf(shuwei);
    const facts = factsOf({ action: "task_resume", acknowledged: known });
    const [operation] = operationsOf(shuwei.plan(facts, settings));
    expect(shuwei.repairOf(operation!, facts, settings)).toEqual([]);
  });

  it("V2 has it by our id: it is lost, and put again", () => {
    const settings = settingsOf(shuweiV2);
    const facts = factsOf({ action: "task_resume", acknowledged: known });
    const [operation] = operationsOf(shuweiV2.plan(facts, settings));
    expect(outline(shuweiV2.repairOf(operation!, facts, settings))).toEqual(["add 77_9001"]);
  });

  it("V2: one that is to finish is put with its last todo done", () => {
    const settings = settingsOf(shuweiV2);
    const acknowledgedDone = acknowledged({ "77_9001": "DONE" });
    const facts = factsOf({ action: "after_end", item: done, session: ended, acknowledged: acknowledgedDone });
    const [operation] = operationsOf(shuweiV2.plan(facts, settings));
    expect(operation).toMatchObject({ kind: "finish" });
    expect(outline(shuweiV2.repairOf(operation!, facts, settings))).toEqual(["add 77_9001", "complete 77_9001"]);
  });
});
