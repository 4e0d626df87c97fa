import { describe, expect, it } from "vitest";
import { PUSH_ACTIONS, type PushAction } from "../../../../src/domain/approval/push-action.ts";
import type { PushFacts } from "../../../../src/domain/approval/push-facts.ts";
import { SESSION_STATES } from "../../../../src/domain/approval/session.ts";
import { abilityCenter } from "../../../../src/platforms/ability_center/connector.ts";
import type { Connector } from "../../../../src/ports/platform/connector.ts";
import { cugb } from "../../../../src/platforms/presets/cugb.ts";
import { gzucm } from "../../../../src/platforms/presets/gzucm.ts";
import { presetOf } from "../../../../src/platforms/presets/preset.ts";
import { tmmu } from "../../../../src/platforms/presets/tmmu.ts";
import { aDoneItem, aSession, anItem, facts, operationsOf, settingsOf } from "../ability_center/facts-given.ts";

/** Actions on which it pushes an item that was not pushed before. */
function pushedActions(connector: Connector, given: (action: PushAction) => PushFacts): readonly PushAction[] {
  const settings = settingsOf(connector);
  return PUSH_ACTIONS.filter((action) => connector.plan(given(action), settings).kind === "push");
}

const taskStatusOf = (connector: Connector, given: PushFacts): unknown => {
  const [first] = operationsOf(connector.plan(given, settingsOf(connector)));
  return (first!.body["task"] as { readonly taskStatus: number }).taskStatus;
};

const COMPLETED = aSession({ state: "COMPLETED" });

describe("a preset", () => {
  it.each([gzucm, tmmu, cugb])("R-007: speaks as 能力中心 does, under its own name: $name", (preset) => {
    const { name, title, environments, settings, read: _, ...spoken } = preset;
    expect(abilityCenter).toMatchObject(spoken);
    expect(title).toBe(`能力中心 (${name})`);
    expect(environments).toEqual([name]);
    expect(settings.map((spec) => spec.name)).toEqual(abilityCenter.settings.map((spec) => spec.name));
  });

  it("gives way to what is set", () => {
    const settings = settingsOf(gzucm, { events: ["task_abort"] });
    expect(gzucm.plan(facts("receive"), settings).kind).toBe("skip");
    expect(gzucm.plan(facts("task_abort"), settings).kind).toBe("push");
  });

  it("leaves the connector that it is made of as it was", () => {
    expect(settingsOf(abilityCenter)["events"]).toEqual(PUSH_ACTIONS);
  });

  it("cannot have a default for what its connector does not ask for", () => {
    const unknown = {
      name: "x",
      title: "x",
      environments: [],
      base: abilityCenter,
      defaults: { events: [], colour: "red" },
    };
    expect(() => presetOf(unknown)).toThrow(
      "The preset x has defaults for settings that ability_center does not have: colour",
    );
  });
});

describe("R-061: gzucm", () => {
  it("pushes when a task is created and when it is finished", () => {
    expect(pushedActions(gzucm, (action) => facts(action))).toEqual(["receive", "after_examine", "manual"]);
    expect(pushedActions(gzucm, (action) => facts(action, { item: aDoneItem() }))).toEqual([
      "receive",
      "after_examine",
      "manual",
    ]);
  });

  it("puts the instance and the task into one push", () => {
    expect(operationsOf(gzucm.plan(facts("receive"), settingsOf(gzucm)))).toMatchObject([
      { body: { inst: { instId: 77 }, task: { taskId: 9001 } } },
    ]);
  });
});

describe("R-062: tmmu", () => {
  it("pushes when a task is finished and when its session ends, by hand too", () => {
    const done = (action: PushAction) => facts(action, { session: COMPLETED, item: aDoneItem() });
    expect(pushedActions(tmmu, done)).toEqual(["after_examine", "after_end", "manual"]);
  });

  it("never shows an open task, not even by hand", () => {
    expect(pushedActions(tmmu, (action) => facts(action))).not.toContain("receive");
    expect(pushedActions(tmmu, (action) => facts(action))).not.toContain("manual");
  });

  it("deletes what is archived only when that is switched on", () => {
    const archived = facts("archive", { session: COMPLETED, item: aDoneItem() });
    const settings = settingsOf(tmmu, { deleteOnArchive: true, deletePath: "/third/task.delete" });
    expect(tmmu.plan(archived, settingsOf(tmmu)).kind).toBe("skip");
    expect(operationsOf(tmmu.plan(archived, settings)).map(({ kind }) => kind)).toEqual([
      "delete_task",
      "delete_instance",
    ]);
  });
});

describe("R-063: cugb", () => {
  it("pushes by hand and in batches only", () => {
    expect(pushedActions(cugb, (action) => facts(action))).toEqual(["manual"]);
    expect(pushedActions(cugb, (action) => facts(action, { item: aDoneItem() }))).toEqual(["manual"]);
  });

  it.each(SESSION_STATES.filter((state) => state !== "DRAFT").map((state) => [state, state === "RUNNING" ? 0 : 3]))(
    "shows the open task of a session that is %s with the status %i",
    (state, status) => {
      expect(taskStatusOf(cugb, facts("manual", { session: aSession({ state: state as "RUNNING" }) }))).toBe(status);
    },
  );

  it("links a task that its session has closed to what was done, not to what is to do", () => {
    const given = facts("manual", { session: COMPLETED, item: anItem() });
    const [first] = operationsOf(cugb.plan(given, settingsOf(cugb)));
    expect(first!.body).toMatchObject({ task: { formUrl: "https://h/pc/inst/77" } });
  });

  it("does not open again what its holder has done while the session goes on", () => {
    expect(taskStatusOf(cugb, facts("manual", { item: aDoneItem() }))).toBe(3);
  });
});
