import { describe, expect, it } from "vitest";
import type { Person, Session, WorkItem } from "../../../../src/domain/approval/session.ts";
import { triggerMatches } from "../../../../src/domain/platform/trigger-match.ts";
import type { Happening } from "../../../../src/domain/platform/trigger-match.ts";
import type { PlatformTrigger } from "../../../../src/domain/platform/trigger.ts";

const LI: Person = { number: "10086", name: "李四" };
const WANG: Person = { number: "10087", name: "王五" };

function item(nodeId: string, ...assignees: readonly Person[]): WorkItem {
  return { id: nodeId, nodeId, assignees } as unknown as WorkItem;
}

const happening: Happening = {
  action: "after_end",
  session: { appId: "12", creator: { number: "2021001", name: "张三" } } as unknown as Session,
  items: [item("n1", LI), item("n2", WANG)],
  formerAssignees: [],
};

function matches(
  given: Partial<Pick<PlatformTrigger, "actions" | "appIds">>,
  condition: Partial<PlatformTrigger["condition"]> = {},
  what: Partial<Happening> = {},
): boolean {
  return triggerMatches(
    {
      id: "t",
      platformId: "p",
      actions: [],
      appIds: [],
      createdAt: 0,
      ...given,
      condition: { nodeIds: [], creators: [], assignees: [], ...condition },
    },
    { ...happening, ...what },
  );
}

describe("R-071: a trigger", () => {
  it("without anything matches all, also what has no items", () => {
    expect([matches({}), matches({}, {}, { items: [] })]).toEqual([true, true]);
  });

  it("matches by action and by app: both must be among its own", () => {
    expect(matches({ actions: ["receive", "after_end"], appIds: ["12", "13"] })).toBe(true);
    expect(matches({ actions: ["receive"], appIds: ["12"] })).toBe(false);
    expect(matches({ actions: ["after_end"], appIds: ["13"] })).toBe(false);
  });

  it("matches by who created the session", () => {
    expect([matches({}, { creators: ["2021001"] }), matches({}, { creators: ["1"] })]).toEqual([true, false]);
  });

  it("matches by node and assignee when one item fulfils both", () => {
    expect(matches({}, { nodeIds: ["n1"], assignees: [LI.number] })).toBe(true);
    expect(matches({}, { nodeIds: ["n1"], assignees: [WANG.number] })).toBe(false);
    expect(matches({}, { nodeIds: ["n3"] })).toBe(false);
    expect(matches({}, { assignees: [WANG.number] })).toBe(true);
    expect(matches({}, { assignees: [WANG.number] }, { items: [] })).toBe(false);
  });

  it("matches those who had the item until now too", () => {
    const was = { items: [item("n1", LI)], formerAssignees: [WANG] };
    expect([matches({}, { assignees: [WANG.number] }, was), matches({}, { assignees: ["1"] }, was)]).toEqual([
      true,
      false,
    ]);
  });

  it("matches only when all that it asks for holds", () => {
    const all = { nodeIds: ["n1"], creators: ["2021001"], assignees: [LI.number] };
    expect(matches({ actions: ["after_end"], appIds: ["12"] }, all)).toBe(true);
    expect(matches({ actions: ["after_end"], appIds: ["12"] }, { ...all, creators: ["1"] })).toBe(false);
  });
});
