import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PUSH_ACTIONS } from "../../../src/domain/approval/push-action.ts";
import type { PushFacts } from "../../../src/domain/approval/push-facts.ts";
import type { JsonObject } from "../../../src/domain/json.ts";
import { connectors } from "../../../src/platforms/index.ts";
import type { PushPlan } from "../../../src/ports/platform/connector.ts";
import { acknowledged, after } from "./acknowledging.ts";
import { aDoneItem, anItem, anyFacts, facts, settingsOf } from "./ability_center/facts-given.ts";

/** How a session looks when it is deleted: gone (null), or under the platform's words for that. */
const GONE: readonly [name: string, given: JsonObject, tasks: string | null, instance: string | null][] = [
  ["ability_center", {}, "3", "4"],
  ["ability_center", { deletePath: "/third/task.delete" }, null, null],
  ["cppu", { deletePath: "/third/task.delete" }, null, null],
  ["jinzhi", {}, null, null],
  ["tongyidaiban", { myappids: ["12"] }, "2", null],
  ["shuwei", {}, null, null],
  ["shuwei_v2", {}, null, null],
];

const outlineOf = (plan: PushPlan): readonly string[] =>
  plan.kind === "skip" ? [plan.reason] : plan.operations.map(({ kind, thirdId }) => `${kind} ${thirdId}`);

describe.each(GONE)("a session that was deleted, to %s with %j", (name, given, tasks, instance) => {
  const connector = connectors.get(name)!;
  const settings = settingsOf(connector, given);
  const items = [aDoneItem({ id: "9000" }), anItem()];
  const open = { "77_9000": "TODO", "77_9001": "TODO" };
  const factsOf = (action: PushFacts["action"], item: PushFacts["item"], known: PushFacts["acknowledged"]) => ({
    ...facts(action, { items, item }),
    isDeleted: true,
    acknowledged: known,
  });
  const deletion = connector.plan(factsOf("sess_delete", null, acknowledged(open)), settings);

  it("R-042: loses its todos, the oldest first, and then itself", () => {
    const kinds =
      name === "tongyidaiban" || (tasks !== null && instance !== null)
        ? ["upsert"]
        : ["delete", "delete_task", "delete_todo"];
    const about = outlineOf(deletion).map((each) => each.split(" "));
    const ofTodos = about.filter(([kind]) => kinds.includes(kind!));
    expect(ofTodos.map(([, thirdId]) => thirdId)).toEqual(["77_9000", "77_9001"]);
    expect(about.slice(ofTodos.length)).toEqual(
      name === "jinzhi" || (given["deletePath"] ?? "") !== "" ? [["delete_instance", "77"]] : [],
    );
  });

  it.each(PUSH_ACTIONS)("is told no more than that, also after a late %s", (action) => {
    for (const item of [null, ...items]) {
      expect(connector.plan(factsOf(action, item, acknowledged(open)), settings)).toEqual(deletion);
    }
  });

  it.each(PUSH_ACTIONS)("stays gone when %s comes after it was told", (action) => {
    const known = after(acknowledged(open), deletion.kind === "push" ? deletion.operations : []);
    for (const item of [null, ...items]) {
      const again = connector.plan(factsOf(action, item, known), settings);
      for (const [id, status] of again.kind === "push" ? again.desired : []) {
        expect(status).toBe(id === "77" ? instance : tasks);
      }
    }
  });

  it("whatever the facts: what comes late tells nothing that the deletion does not tell", () => {
    fc.assert(
      fc.property(anyFacts, (any) => {
        fc.pre(any.action !== "manual");
        const late = connector.plan({ ...any, isDeleted: true }, settings);
        expect(late).toEqual(connector.plan({ ...any, isDeleted: true, action: "sess_delete" }, settings));
      }),
    );
  });
});

describe("a platform that is not told of deletions", () => {
  const gzucm = connectors.get("gzucm")!;

  it("gets nothing of a deleted session any more, but the deletion of what it shows when somebody asks for it", () => {
    const settings = settingsOf(gzucm);
    const late = { ...facts("receive"), isDeleted: true };
    expect(gzucm.plan(late, settings)).toEqual({
      kind: "skip",
      reason: "The setting events does not list the action sess_delete.",
    });
    const known = acknowledged({ "77_9001": "0" });
    const byHand = gzucm.plan({ ...late, action: "manual", acknowledged: known }, settings);
    expect(byHand).toMatchObject({ desired: new Map(Object.entries({ "77_9001": "3", "77": "4" })) });
    expect(gzucm.plan({ ...late, action: "manual" }, settings).kind).toBe("skip");
  });
});
