import type { PushStateRecord, SessionRecord, WorkItemRecord } from "../../../src/domain/approval/records.ts";
import type { Session, WorkItem } from "../../../src/domain/approval/session.ts";
import { MANUAL_START_AT, sequentialIds } from "../../support/manual-clock.ts";

const ids = sequentialIds();

type Given<Whole, Part extends keyof Whole> = Partial<Omit<Whole, Part>> & {
  readonly [Name in Part]?: Partial<Whole[Part]>;
};

/** A running approval of which nothing more was told. */
export function aSession(given: Given<SessionRecord, "session"> = {}): SessionRecord {
  const createdAt = given.session?.createdAt ?? MANUAL_START_AT;
  const session: Session = {
    id: ids.uuid(),
    appId: "app1",
    appName: { zh: "请假" },
    title: "",
    serialNumber: "",
    state: "RUNNING",
    creator: { number: "20210001", name: "张三" },
    summary: [],
    view: { pc: "", h5: "" },
    isQuestionnaire: false,
    isStartAndEnd: false,
    createdAt,
    finishedAt: null,
    ...given.session,
  };
  return {
    shard: 0,
    revision: 1,
    factAt: createdAt,
    deletedAt: null,
    archivedAt: null,
    log: [],
    todos: [],
    shares: [],
    knowledge: { toldAt: {}, todosToldAt: {}, finishedAt: null, lastEndedAt: null, seen: [] },
    updatedAt: createdAt,
    ...given,
    session,
  };
}

/** An item that one person has to do. */
export function aWorkItem(given: Given<WorkItemRecord, "item"> = {}): WorkItemRecord {
  const createdAt = given.item?.createdAt ?? MANUAL_START_AT;
  const item: WorkItem = {
    id: ids.uuid(),
    sessionId: "session",
    nodeId: "node1",
    nodeName: { zh: "辅导员审批" },
    state: "OPEN",
    assignees: [{ number: "T1", name: "李四" }],
    handledBy: null,
    opinion: "",
    previousIds: [],
    todo: { pc: "", h5: "" },
    view: { pc: "", h5: "" },
    data: null,
    createdAt,
    finishedAt: null,
    ...given.item,
  };
  return {
    appId: "app1",
    shard: 0,
    revision: 1,
    factAt: createdAt,
    knowledge: { toldAt: {}, state: item.state, finishedAt: item.finishedAt, seen: [] },
    updatedAt: createdAt,
    ...given,
    item,
  };
}

/** What a platform was told of an item with success, and nothing failed since. */
export function aPushState(given: Partial<PushStateRecord> = {}): PushStateRecord {
  return {
    platformId: "platform1",
    thirdId: "session_item",
    shard: 0,
    sessionId: "session",
    workItemId: "item",
    status: "todo",
    assignees: ["T1"],
    pushId: "push1",
    at: MANUAL_START_AT,
    failures: 0,
    failure: null,
    ...given,
  };
}
