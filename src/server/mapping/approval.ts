/** Sessions and work items as they are shown. */
import type {
  PushStateRecord,
  SessionRecord,
  TodoTotal,
  WorkItemRecord,
  WorkItemShare,
} from "../../domain/approval/records.ts";
import { chineseFirst, type Links, type Person, type ProcessLogEntry } from "../../domain/approval/session.ts";
import {
  SessionState,
  WorkItemState,
  type LinksSchema,
  type PersonSchema,
  type ProcessLogEntrySchema,
  type SessionSchema,
  type TodoTotalSchema,
  type WorkItemSchema,
  type WorkItemShareSchema,
} from "../../gen/belfry/v1/approval_pb.ts";
import type { AcknowledgementSchema } from "../../gen/belfry/v1/push_pb.ts";
import { etagOf } from "./definition.ts";
import type { Init } from "./init.ts";
import { toStruct } from "./json.ts";
import { toOptionalTimestamp, toTimestamp } from "./time.ts";

export function toSession({
  session,
  deletedAt,
  archivedAt,
  updatedAt,
  revision,
}: SessionRecord): Init<typeof SessionSchema> {
  return {
    id: session.id,
    appId: session.appId,
    appName: { ...session.appName },
    title: session.title,
    serialNumber: session.serialNumber,
    state: SessionState[session.state],
    creator: toPerson(session.creator),
    summary: session.summary.map(({ label, value }) => ({ label, value })),
    view: toLinks(session.view),
    isQuestionnaire: session.isQuestionnaire,
    isStartAndEnd: session.isStartAndEnd,
    createTime: toTimestamp(session.createdAt),
    finishTime: toOptionalTimestamp(session.finishedAt),
    deleteTime: toOptionalTimestamp(deletedAt),
    archiveTime: toOptionalTimestamp(archivedAt),
    updateTime: toTimestamp(updatedAt),
    etag: etagOf(revision),
  };
}

export function toWorkItem({ item, appId, updatedAt, revision }: WorkItemRecord): Init<typeof WorkItemSchema> {
  const { "": _, ...nodeNames } = item.nodeName;
  return {
    id: item.id,
    sessionId: item.sessionId,
    nodeId: item.nodeId,
    nodeName: chineseFirst(item.nodeName),
    nodeNames,
    state: WorkItemState[item.state],
    assignees: item.assignees.map(({ number, name }) => ({ number, name })),
    handledBy: item.handledBy === null ? undefined : toPerson(item.handledBy),
    opinion: item.opinion,
    previousIds: [...item.previousIds],
    todoView: toLinks(item.todo),
    view: toLinks(item.view),
    data: toStruct(item.data),
    createTime: toTimestamp(item.createdAt),
    finishTime: toOptionalTimestamp(item.finishedAt),
    appId,
    updateTime: toTimestamp(updatedAt),
    etag: etagOf(revision),
  };
}

export function toLogEntry(entry: ProcessLogEntry): Init<typeof ProcessLogEntrySchema> {
  const { workItemId, actor, operation, opinion, at } = entry;
  return { workItemId, actor: toPerson(actor), operation, opinion, time: toTimestamp(at) };
}

export function toTodo({ id, nodeId, procTaskId, total, complete, ...times }: TodoTotal): Init<typeof TodoTotalSchema> {
  const { createdAt, finishedAt } = times;
  return {
    id,
    nodeId,
    procTaskId,
    total,
    complete,
    createTime: toTimestamp(createdAt),
    finishTime: toOptionalTimestamp(finishedAt),
  };
}

export function toShare({ workItemId, from, to, at }: WorkItemShare): Init<typeof WorkItemShareSchema> {
  return { workItemId, from, to, time: toTimestamp(at) };
}

export function toAcknowledgement(state: PushStateRecord): Init<typeof AcknowledgementSchema> {
  const { failure } = state;
  return {
    platformId: state.platformId,
    thirdId: state.thirdId,
    sessionId: state.sessionId,
    workItemId: state.workItemId,
    status: state.status ?? undefined,
    assignees: [...state.assignees],
    pushLogId: state.pushId,
    time: state.pushId === "" ? undefined : toTimestamp(state.at),
    failureCount: state.failures,
    failure:
      failure === null
        ? undefined
        : { pushLogId: failure.pushId, time: toTimestamp(failure.at), permanent: failure.isPermanent },
  };
}

/** Nobody, or the process system itself, has no number. */
function toPerson({ number, name }: Person): Init<typeof PersonSchema> | undefined {
  return number === "" && name === "" ? undefined : { number, name };
}

function toLinks({ pc, h5 }: Links): Init<typeof LinksSchema> | undefined {
  return pc === "" && h5 === "" ? undefined : { pc, h5 };
}
