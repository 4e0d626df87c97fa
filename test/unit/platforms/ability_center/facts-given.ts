/** 张三's application for leave (请假), as in the wire contract: what a test does not name is of no matter to it. */
import * as fc from "fast-check";
import { PUSH_ACTIONS, type PushAction } from "../../../../src/domain/approval/push-action.ts";
import type { Belief, PushFacts } from "../../../../src/domain/approval/push-facts.ts";
import {
  SESSION_STATES,
  WORK_ITEM_STATES,
  type Person,
  type Session,
  type WorkItem,
} from "../../../../src/domain/approval/session.ts";
import type { JsonObject } from "../../../../src/domain/json.ts";
import type { Connector, Operation, PushPlan } from "../../../../src/ports/platform/connector.ts";
import type { Settings } from "../../../../src/ports/platform/setting.ts";
import { acknowledged } from "../acknowledging.ts";

/** In Shanghai. */
export const at = (time: string): number => Date.parse(`2026-01-02T${time}+08:00`);
export const person = (number: string, name = ""): Person => ({ number, name });

export function aSession(given: Partial<Session> = {}): Session {
  return {
    id: "77",
    appId: "12",
    appName: { en: "Leave", zh: "请假" },
    title: "",
    serialNumber: "77",
    state: "RUNNING",
    creator: person("2021001", "张三"),
    summary: [],
    view: { pc: "https://h/pc/inst/77", h5: "https://h/m/inst/77" },
    isQuestionnaire: false,
    isStartAndEnd: false,
    createdAt: at("03:04:05"),
    finishedAt: null,
    ...given,
  };
}

export function anItem(given: Partial<WorkItem> = {}): WorkItem {
  const id = given.id ?? "9001";
  return {
    id,
    sessionId: "77",
    nodeId: "n3",
    nodeName: { en: "Review", zh: "部门审核" },
    state: "OPEN",
    assignees: [person("10086", "李四")],
    handledBy: null,
    opinion: "",
    previousIds: [],
    todo: { pc: `https://h/pc/task/${id}`, h5: `https://h/m/task/${id}` },
    view: { pc: "", h5: "" },
    data: null,
    createdAt: at("03:04:06"),
    finishedAt: null,
    ...given,
  };
}

export function aDoneItem(given: Partial<WorkItem> = {}): WorkItem {
  return anItem({ state: "DONE", handledBy: person("10086", "李四"), finishedAt: at("04:00:00"), ...given });
}

type FactsGiven = Omit<Partial<PushFacts>, "acknowledged"> & {
  readonly acknowledged?: Readonly<Record<string, string | Belief>>;
};

/** About the first of the items, unless the test says what it is about. */
export function facts(action: PushAction, given: FactsGiven = {}): PushFacts {
  const items = given.items ?? (given.item ? [given.item] : [anItem()]);
  const { acknowledged: known = {}, ...others } = given;
  return {
    action,
    session: aSession(),
    isDeleted: false,
    isArchived: false,
    item: items[0] ?? null,
    items,
    log: [],
    transfer: null,
    note: "",
    ...others,
    acknowledged: acknowledged(known),
  };
}

/** With all that is required, and what the test names. */
export function settingsOf(connector: Connector, given: JsonObject = {}): Settings {
  const needed = Object.fromEntries(
    connector.settings
      .filter(({ required }) => required)
      .map(({ name, isUrl }) => [name, isUrl === true ? "https://ability.example.edu.cn" : `the-${name}`]),
  );
  const { settings, violations } = connector.read({ ...needed, ...given });
  if (violations.length > 0) {
    throw new Error(JSON.stringify(violations));
  }
  return settings;
}

export function operationsOf(plan: PushPlan): readonly Operation[] {
  if (plan.kind === "skip") {
    throw new Error(`Skipped: ${plan.reason}`);
  }
  return plan.operations;
}

const text = fc.string({ unit: "binary", maxLength: 8 });
const anyId = fc.oneof(fc.nat().map(String), text);
const anyPerson = fc.record({ number: anyId, name: text });
const anyLinks = fc.record({ pc: text, h5: text });
const anyTime = fc.integer({ min: 0, max: 4_102_444_800_000 });
const anyText = fc.dictionary(fc.constantFrom("zh", "en", "", "zh-CN"), text);

const anySession: fc.Arbitrary<Session> = fc.record({
  id: anyId,
  appId: anyId,
  appName: anyText,
  title: text,
  serialNumber: text,
  state: fc.constantFrom(...SESSION_STATES),
  creator: anyPerson,
  summary: fc.array(fc.record({ label: text, value: text }), { maxLength: 2 }),
  view: anyLinks,
  isQuestionnaire: fc.boolean(),
  isStartAndEnd: fc.boolean(),
  createdAt: anyTime,
  finishedAt: fc.option(anyTime),
});

const anyItem: fc.Arbitrary<WorkItem> = fc.record({
  id: anyId,
  sessionId: anyId,
  nodeId: text,
  nodeName: anyText,
  state: fc.constantFrom(...WORK_ITEM_STATES),
  assignees: fc.array(anyPerson, { maxLength: 3 }),
  handledBy: fc.option(anyPerson),
  opinion: text,
  previousIds: fc.array(anyId, { maxLength: 2 }),
  todo: anyLinks,
  view: anyLinks,
  data: fc.constant(null),
  createdAt: anyTime,
  finishedAt: fc.option(anyTime),
});

/** Any facts whatever, also such as contradict themselves; some of what they name has been acknowledged. */
export const anyFacts: fc.Arbitrary<PushFacts> = fc
  .record({
    action: fc.constantFrom(...PUSH_ACTIONS),
    session: anySession,
    isDeleted: fc.boolean(),
    isArchived: fc.boolean(),
    item: fc.option(anyItem),
    items: fc.uniqueArray(anyItem, { maxLength: 4, selector: ({ id }) => id }),
    log: fc.array(fc.record({ workItemId: anyId, actor: anyPerson, operation: text, opinion: text, at: anyTime }), {
      maxLength: 3,
    }),
    transfer: fc.option(
      fc.record({ from: fc.array(anyPerson, { maxLength: 2 }), to: fc.array(anyPerson, { maxLength: 2 }) }),
    ),
    note: text,
    statuses: fc.array(fc.option(fc.constantFrom("0", "2", "3", "4")), { minLength: 5, maxLength: 5 }),
    assignees: fc.array(anyId, { maxLength: 2 }),
  })
  .map(({ statuses, assignees, ...known }) => {
    const ids = [known.session.id, ...known.items.map(({ id }) => `${known.session.id}_${id}`)];
    const believed = ids.flatMap((id, index) => {
      const status = statuses[index] ?? null;
      return status === null ? [] : [[id, { status, assignees, at: 0 }] as const];
    });
    return { ...known, acknowledged: new Map(believed) };
  });
