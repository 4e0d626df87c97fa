import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PUSH_ACTIONS } from "../../../src/domain/approval/push-action.ts";
import type { PushFacts } from "../../../src/domain/approval/push-facts.ts";
import type { JsonObject } from "../../../src/domain/json.ts";
import { connectors } from "../../../src/platforms/index.ts";
import { acknowledged, after } from "./acknowledging.ts";
import { aDoneItem, anItem, anyFacts, facts, operationsOf, settingsOf } from "./ability_center/facts-given.ts";

const DELETE_PATH = { deletePath: "/third/task.delete" };
/** How a session looks that was taken away: gone (null), or under the platform's words for that. */
const GONE: readonly [name: string, given: JsonObject, tasks: string | null, instance: string | null][] = [
  ["ability_center", {}, "3", "4"],
  ["ability_center", DELETE_PATH, null, null],
  ["cppu", DELETE_PATH, null, null],
  // Their events list few actions, and none that deletes.
  ["tmmu", DELETE_PATH, null, null],
  ["gzucm", { events: ["receive"] }, "3", "4"],
  ["cugb", {}, "3", "4"],
];

describe.each(GONE)("an archived session (归档), to %s with %j and deleteOnArchive", (name, given, tasks, instance) => {
  const connector = connectors.get(name)!;
  const settings = settingsOf(connector, { ...given, deleteOnArchive: true });
  const items = [aDoneItem({ id: "9000" }), anItem()];
  const known = acknowledged({ "77_9000": "3", "77_9001": "0", "77": "0" });
  const factsOf = (action: PushFacts["action"], item: PushFacts["item"], told = known) => ({
    ...facts(action, { items, item }),
    isArchived: true,
    acknowledged: told,
  });
  const deletion = connector.plan(factsOf("archive", null), settings);

  it("R-062: is deleted, whatever the events list", () => {
    const left = after(known, operationsOf(deletion));
    const statuses = ["77_9000", "77_9001", "77"].map((id) => left.get(id)?.status ?? null);
    expect(statuses).toEqual([tasks, tasks, instance]);
  });

  it.each(PUSH_ACTIONS)("is told no more than that, also after a late %s", (action) => {
    for (const item of [null, ...items]) {
      expect(connector.plan(factsOf(action, item), settings)).toEqual(deletion);
    }
  });

  it.each(PUSH_ACTIONS)("stays gone when %s comes after it was told", (action) => {
    const told = after(known, operationsOf(deletion));
    for (const item of [null, ...items]) {
      const again = connector.plan(factsOf(action, item, told), settings);
      expect(again.kind).toBe("push");
      for (const [id, status] of again.kind === "push" ? again.desired : []) {
        expect(status).toBe(id === "77" ? instance : tasks);
      }
    }
  });

  it("that was deleted too goes the same way", () => {
    expect(connector.plan({ ...factsOf("sess_delete", null), isDeleted: true }, settings)).toEqual(deletion);
  });

  it("whatever the facts: what comes late tells nothing that the archiving does not tell", () => {
    fc.assert(
      fc.property(anyFacts, (any) => {
        const late = connector.plan({ ...any, isArchived: true }, settings);
        expect(late).toEqual(connector.plan({ ...any, isArchived: true, action: "archive" }, settings));
      }),
    );
  });
});

describe.each([...connectors.keys()])("an archived session, to %s where archiving deletes nothing", (name) => {
  const connector = connectors.get(name)!;
  const settings = settingsOf(connector);

  it("is pushed as any other", () => {
    fc.assert(
      fc.property(anyFacts, (any) => {
        const archived = connector.plan({ ...any, isArchived: true }, settings);
        expect(archived).toEqual(connector.plan({ ...any, isArchived: false }, settings));
      }),
    );
  });
});
