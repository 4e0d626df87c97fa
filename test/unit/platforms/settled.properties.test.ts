import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PushAction } from "../../../src/domain/approval/push-action.ts";
import type { PushFacts } from "../../../src/domain/approval/push-facts.ts";
import { isOpen } from "../../../src/domain/approval/session.ts";
import { connectors } from "../../../src/platforms/index.ts";
import { areSame } from "../../../src/platforms/belief.ts";
import type { Connector } from "../../../src/ports/platform/connector.ts";
import type { Settings } from "../../../src/ports/platform/setting.ts";
import { after } from "./acknowledging.ts";
import { anyFacts, settingsOf } from "./jinzhi/leave.ts";

function settingsFor(connector: Connector): Settings {
  const required = connector.settings.filter((spec) => spec.required);
  return settingsOf(
    connector,
    Object.fromEntries(required.map(({ name, isUrl }) => [name, isUrl ? "https://centre.test" : "given"])),
  );
}

/** As the process system has them: ids are there, each once. */
const likelyFacts = anyFacts
  .map((facts): PushFacts => {
    const items = [...new Map(facts.items.map((item) => [item.id, item])).values()];
    return atRest({ ...facts, items, item: items.find(({ id }) => id === facts.item?.id) ?? null });
  })
  .filter(({ session, items }) => [session.id, ...items.map(({ id }) => id)].every((id) => id.trim() !== ""));

/** As the reconciliation looks at a work item. */
function atRest(facts: PushFacts): PushFacts {
  return { ...facts, action: actionOf(facts), transfer: null, note: "" };
}

function actionOf({ isDeleted, session: { state }, item }: PushFacts): PushAction {
  if (isDeleted) return "sess_delete";
  const ends: Partial<Record<typeof state, PushAction>> = {
    COMPLETED: "after_end",
    ABORTED: "task_abort",
    REJECTED: "reject",
    REVOKED: "revoke",
  };
  return ends[state] ?? (item === null || isOpen(item.state) ? "receive" : "after_examine");
}

/** Ids of which a platform that was told these facts is to be told something else. */
function stillToTell(connector: Connector, facts: PushFacts, settings: Settings): readonly string[] {
  const plan = connector.plan(facts, settings);
  if (plan.kind === "skip") return [];
  const known = after(facts.acknowledged, plan.operations);
  const again = connector.plan({ ...facts, acknowledged: known }, settings);
  if (again.kind === "skip") return [];
  const beliefs = new Map(again.operations.flatMap(({ acknowledges }) => [...acknowledges]));
  return [...again.desired].flatMap(([id, status]) => {
    const belief = beliefs.get(id) ?? null;
    const has = known.get(id);
    const isSame =
      (has?.status ?? null) === status && (belief === null || areSame(has?.assignees ?? [], belief.assignees));
    return isSame
      ? []
      : [`${id}: ${status} of ${belief?.assignees.join()} instead of ${has?.status} of ${has?.assignees.join()}`];
  });
}

describe.each([...connectors.values()])("$name", (connector) => {
  it("is left alone when it was told how things stand (R-076)", () => {
    const settings = settingsFor(connector);
    fc.assert(
      fc.property(likelyFacts, (facts) => {
        expect(stillToTell(connector, facts, settings)).toEqual([]);
      }),
    );
  });
});
