/** 张三's leave (请假), as the examples of the platforms have it: session 77 of application 12, with the item 9001 for 10086. */
import fc from "fast-check";
import type { PushAction } from "../../../../src/domain/approval/push-action.ts";
import { PUSH_ACTIONS } from "../../../../src/domain/approval/push-action.ts";
import type { Belief, PushFacts } from "../../../../src/domain/approval/push-facts.ts";
import type { Links, Person, Session, WorkItem } from "../../../../src/domain/approval/session.ts";
import { SESSION_STATES, WORK_ITEM_STATES } from "../../../../src/domain/approval/session.ts";
import type { JsonObject } from "../../../../src/domain/json.ts";
import type { Connector, PushPlan } from "../../../../src/ports/platform/connector.ts";
import type { Settings } from "../../../../src/ports/platform/setting.ts";
import { acknowledged } from "../acknowledging.ts";

const CREATED_AT = Date.parse("2026-01-02T03:04:05+08:00");

export function session(of: Partial<Session> = {}): Session {
  return {
    id: "77",
    appId: "12",
    appName: { en: "Leave", zh: "请假" },
    title: "",
    serialNumber: "QJ-77",
    state: "RUNNING",
    creator: { number: "2021001", name: "张三" },
    summary: [],
    view: { pc: "https://h/pc/inst/77", h5: "https://h/m/inst/77" },
    isQuestionnaire: false,
    isStartAndEnd: false,
    createdAt: CREATED_AT,
    finishedAt: null,
    ...of,
  };
}

export function item(of: Partial<WorkItem> = {}): WorkItem {
  const id = of.id ?? "9001";
  return {
    id,
    sessionId: "77",
    nodeId: "n3",
    nodeName: { en: "Department", zh: "部门审核" },
    state: "OPEN",
    assignees: [{ number: "10086", name: "李四" }],
    handledBy: null,
    opinion: "",
    previousIds: [],
    todo: { pc: `https://h/pc/task/${id}`, h5: `https://h/m/task/${id}` },
    view: { pc: `https://h/pc/done/${id}`, h5: `https://h/m/done/${id}` },
    data: null,
    createdAt: CREATED_AT,
    finishedAt: null,
    ...of,
  };
}

/** @param known status by third id, as the platform has acknowledged it. */
export function facts(
  action: PushAction,
  of: Partial<Omit<PushFacts, "action" | "acknowledged">> & {
    readonly known?: Readonly<Record<string, string | Belief>>;
  } = {},
): PushFacts {
  const { known = {}, ...rest } = of;
  const subject = rest.item === undefined ? item() : rest.item;
  return {
    action,
    session: session(),
    isDeleted: false,
    isArchived: false,
    items: subject === null ? [] : [subject],
    log: [],
    transfer: null,
    note: "",
    ...rest,
    item: subject,
    acknowledged: acknowledged(known),
  };
}

/** Fails the test when a rule is broken. */
export function settingsOf(connector: Connector, given: JsonObject): Settings {
  const { settings, violations } = connector.read(given);
  if (violations.length > 0) throw new Error(JSON.stringify(violations));
  return settings;
}

type Push = Extract<PushPlan, { readonly kind: "push" }>;

/** Fails the test when it is skipped. */
export function pushOf(plan: PushPlan): Push {
  if (plan.kind === "skip") throw new Error(`It was skipped: ${plan.reason}`);
  return plan;
}

/** What a plan comes to, short: `update 77_9001`, or `skip`. */
export function outline(plan: PushPlan): readonly string[] {
  return plan.kind === "skip" ? ["skip"] : plan.operations.map(({ kind, thirdId }) => `${kind} ${thirdId}`);
}

const anyText = fc.oneof(
  fc.constantFrom("", "12", "77", "__proto__", "constructor", "../..", "//x.test/?a=1#b"),
  fc.string(),
);
const anyPerson: fc.Arbitrary<Person> = fc.record({ number: anyText, name: anyText });
const anyLinks: fc.Arbitrary<Links> = fc.record({ pc: anyText, h5: anyText });
const anyTexts = fc.dictionary(anyText, anyText, { maxKeys: 3 });
const anyInstant = fc.integer({ min: 0, max: 4_102_444_800_000 });

const anySession: fc.Arbitrary<Session> = fc.record({
  id: anyText,
  appId: anyText,
  appName: anyTexts,
  title: anyText,
  serialNumber: anyText,
  state: fc.constantFrom(...SESSION_STATES),
  creator: anyPerson,
  summary: fc.constant([]),
  view: anyLinks,
  isQuestionnaire: fc.constant(false),
  isStartAndEnd: fc.boolean(),
  createdAt: anyInstant,
  finishedAt: fc.option(anyInstant),
});

const anyItem: fc.Arbitrary<WorkItem> = fc.record({
  id: anyText,
  sessionId: anyText,
  nodeId: anyText,
  nodeName: anyTexts,
  state: fc.constantFrom(...WORK_ITEM_STATES),
  assignees: fc.array(anyPerson, { maxLength: 3 }),
  handledBy: fc.option(anyPerson),
  opinion: anyText,
  previousIds: fc.array(anyText, { maxLength: 2 }),
  todo: anyLinks,
  view: anyLinks,
  data: fc.constant(null),
  createdAt: anyInstant,
  finishedAt: fc.option(anyInstant),
});

/** Any facts at all, also such as never come together. */
export const anyFacts: fc.Arbitrary<PushFacts> = fc
  .record({
    action: fc.constantFrom(...PUSH_ACTIONS),
    session: anySession,
    isDeleted: fc.boolean(),
    isArchived: fc.boolean(),
    named: fc.option(anyItem),
    others: fc.array(anyItem, { maxLength: 3 }),
    people: fc.array(anyPerson, { maxLength: 2 }),
    note: anyText,
    known: fc.array(fc.tuple(fc.nat(4), anyText, fc.array(anyText, { maxLength: 2 })), { maxLength: 4 }),
  })
  .map(({ action, session: of, isDeleted, isArchived, named, others, people, note, known }) => {
    const items = [...others, ...(named === null ? [] : [named])].map((each) => ({ ...each, sessionId: of.id }));
    const ids = [of.id, ...items.map(({ id }) => `${of.id}_${id}`)];
    return {
      action,
      session: of,
      isDeleted,
      isArchived,
      item: named === null ? null : { ...named, sessionId: of.id },
      items,
      log: [],
      transfer: { from: people, to: people },
      note,
      acknowledged: new Map(
        known.map(([which, status, assignees], at) => [ids[which % ids.length] ?? of.id, { status, assignees, at }]),
      ),
    };
  });
