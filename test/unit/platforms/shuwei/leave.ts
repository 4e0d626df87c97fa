/** 张三的请假: the session 77 with its items 9000 (张三 applied) and 9001 (the department examines), as both versions of the platform are told of it. */
import type { PushFacts } from "../../../../src/domain/approval/push-facts.ts";
import type { Session, WorkItem } from "../../../../src/domain/approval/session.ts";
import type { JsonObject } from "../../../../src/domain/json.ts";
import type { Connector, Operation, PushPlan } from "../../../../src/ports/platform/connector.ts";
import type { Settings } from "../../../../src/ports/platform/setting.ts";
import { acknowledged, after } from "../acknowledging.ts";

export const HOST = "https://poa.example.edu";

/** 03:04:05 in Shanghai. */
export const DONE_AT = Date.UTC(2026, 0, 1, 19, 4, 5);

export const zhang = { number: "2021001", name: "张三" };
export const li = { number: "10086", name: "李四" };
export const wang = { number: "10087", name: "王五" };

export const session: Session = {
  id: "77",
  appId: "12",
  appName: { en: "Leave", zh: "请假" },
  title: "",
  serialNumber: "",
  state: "RUNNING",
  creator: zhang,
  summary: [],
  view: { pc: "https://h/pc/inst/77", h5: "https://h/m/inst/77" },
  isQuestionnaire: false,
  isStartAndEnd: false,
  createdAt: DONE_AT - 60_000,
  finishedAt: null,
};

export const open: WorkItem = {
  id: "9001",
  sessionId: "77",
  nodeId: "n3",
  nodeName: { zh: "部门审核" },
  state: "OPEN",
  assignees: [li],
  handledBy: null,
  opinion: "",
  previousIds: [],
  todo: { pc: "https://h/pc/task/9001", h5: "https://h/m/task/9001" },
  view: { pc: "", h5: "" },
  data: null,
  createdAt: DONE_AT - 30_000,
  finishedAt: null,
};

export const done: WorkItem = { ...open, state: "DONE", handledBy: li, opinion: "同意", finishedAt: DONE_AT };
export const withdrawn: WorkItem = { ...open, state: "WITHDRAWN" };

/** Done before it. */
export const applied: WorkItem = {
  ...done,
  id: "9000",
  nodeId: "n1",
  nodeName: { zh: "申请" },
  assignees: [zhang],
  handledBy: zhang,
  opinion: "请批准",
  createdAt: DONE_AT - 60_000,
  finishedAt: DONE_AT - 30_000,
};

export function factsOf(changes: Partial<PushFacts>): PushFacts {
  const item = changes.item === undefined ? open : changes.item;
  return {
    action: "receive",
    session,
    isDeleted: false,
    isArchived: false,
    items: item === null ? [] : [item],
    log: [],
    transfer: null,
    note: "",
    acknowledged: acknowledged({}),
    ...changes,
    item,
  };
}

export function settingsOf(connector: Connector, given: JsonObject = {}): Settings {
  const { settings, violations } = connector.read({
    host: HOST,
    clientId: "id-of-us",
    clientSecret: "secret-of-us",
    appId: "APP",
    transTypeCode: "LEAVE",
    ...given,
  });
  if (violations.length > 0) throw new Error(JSON.stringify(violations));
  return settings;
}

export function operationsOf(plan: PushPlan): readonly Operation[] {
  if (plan.kind === "skip") throw new Error(`It was to be pushed: ${plan.reason}`);
  return plan.operations;
}

/** What the platform would get: `POST path` and the parsed body. */
function sentFor(
  connector: Connector,
  operations: readonly Operation[],
  settings: Settings,
): readonly (readonly [string, unknown])[] {
  return operations.map((operation) => {
    const context = { settings, token: "token-1", at: DONE_AT, idempotencyKey: "key" };
    const { method, url, body } = connector.requestOf(operation, context);
    return [`${method} ${url.replace(`${HOST}/apis/ttc/v1/transaction/poa/`, "")}`, JSON.parse(body)] as const;
  });
}

/** What the platform would get for these facts. */
export function pushed(connector: Connector, changes: Partial<PushFacts>, given: JsonObject = {}) {
  const settings = settingsOf(connector, given);
  return sentFor(connector, operationsOf(connector.plan(factsOf(changes), settings)), settings);
}

/** Kinds and third ids, as in `complete 77_9001`. */
export function outline(operations: readonly Operation[]): readonly string[] {
  return operations.map(({ kind, thirdId }) => `${kind} ${thirdId}`);
}

/** The outline for these facts, or why nothing is sent. */
export function outlined(connector: Connector, changes: Partial<PushFacts>, given: JsonObject = {}) {
  const plan = connector.plan(factsOf(changes), settingsOf(connector, given));
  return plan.kind === "skip" ? plan.reason : outline(plan.operations);
}

/** The same facts when all of it succeeded. */
export function afterwards(facts: PushFacts, plan: PushPlan): PushFacts {
  return plan.kind === "skip" ? facts : { ...facts, acknowledged: after(facts.acknowledged, plan.operations) };
}
