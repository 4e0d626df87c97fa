import type { PushStateRecord, SessionRecord, WorkItemRecord } from "../../domain/approval/records.ts";
import {
  ListWorkItemsRequestSchema,
  type GetSessionResponseSchema,
  type ShareWorkItemRequest,
  type WorkItemService,
} from "../../gen/belfry/v1/work_item_service_pb.ts";
import type { Handlers } from "../call/handler.ts";
import { toAcknowledgement, toLogEntry, toSession, toShare, toTodo, toWorkItem } from "../mapping/approval.ts";
import { reportOf } from "../mapping/approval-event.ts";
import { Findings } from "../mapping/findings.ts";
import type { Init } from "../mapping/init.ts";
import { requireField } from "../mapping/required.ts";
import { instantOf } from "../mapping/time.ts";
import { workItemFilterOf } from "../mapping/work-item-filter.ts";
import { countFitting } from "../paging/answer-bytes.ts";
import { cutPage, listCursorOf, pageOf } from "../paging/page-token.ts";
import { readSession, readWorkItem } from "./approvals-found.ts";
import type { ServiceEnvironment } from "./environment.ts";
import { reportBatch } from "./report-batch.ts";
import { requestIdOf } from "./request-id.ts";

export function workItemHandlers(environment: ServiceEnvironment): Handlers<typeof WorkItemService> {
  const { runtime, approvals, clock, limits } = environment;
  const report = runtime.taskCenters.approvals;

  return {
    async reportEvent(request) {
      const { sessionId, ...command } = reportOf(requireField(request.event, "event"), {
        now: clock.now(),
        dataMaxBytes: limits.dataMaxBytes,
      });
      const { pushes } = await report.report(sessionId, { ...command, ...requestIdOf(request) });
      return { pushes: pushes.map(({ id, platformId }) => ({ id, platformId })) };
    },

    batchReportEvents: (requests) => reportBatch(requests, environment),

    async getSession({ sessionId }) {
      const record = await readSession(approvals, sessionId);
      const [items, told] = await Promise.all([
        approvals.loadWorkItems({ sessionIds: [sessionId] }),
        approvals.loadPushStates(sessionId),
      ]);
      return wholeSession(record, items, told);
    },

    async getWorkItem({ workItemId }) {
      const record = await readWorkItem(approvals, workItemId);
      const told = await approvals.loadPushStates(record.item.sessionId);
      return {
        workItem: toWorkItem(record),
        acknowledgements: told.filter((each) => each.workItemId === workItemId).map(toAcknowledgement),
      };
    },

    async listWorkItems(request) {
      const filter = workItemFilterOf(request);
      const page = pageOf(ListWorkItemsRequestSchema, request);
      const rows = await approvals.listWorkItems(filter, listCursorOf(page), page.size + 1);
      const { shown, nextPageToken } = cutPage(rows, page, ({ item }) => [item.createdAt, item.id]);
      return { workItems: shown.map(toWorkItem), nextPageToken };
    },

    async shareWorkItem(request) {
      const { workItemId, from, to } = request;
      const now = clock.now();
      const at = sharedAt(request, now);
      const { item } = await readWorkItem(approvals, workItemId);
      const share = { workItemId, from, to, at };
      const command = {
        event: { happenedAt: at, name: "", action: null, shares: [share] },
        ...(request.time === undefined && { asked: JSON.stringify([workItemId, from, to]) }),
      };
      await report.report(item.sessionId, { ...command, ...requestIdOf(request) });
      return { share: toShare(share) };
    },
  };
}

function sharedAt({ time }: ShareWorkItemRequest, now: number): number {
  const findings = new Findings();
  const at = time === undefined ? now : instantOf(time, "time", findings);
  findings.throwIfAny();
  return at;
}

/** As much of it as one answer holds, list by list. */
function wholeSession(
  record: SessionRecord,
  items: readonly WorkItemRecord[],
  told: readonly PushStateRecord[],
): Init<typeof GetSessionResponseSchema> {
  const { todos, shares } = record;
  const log = record.log.toReversed();
  const all = [...items, ...told, ...todos, ...shares, ...log];
  let room = countFitting(all);
  const leftOutCount = all.length - room;
  const fitting = <Entry>(list: readonly Entry[]): readonly Entry[] => {
    const shown = list.slice(0, room);
    room -= shown.length;
    return shown;
  };
  return {
    session: toSession(record),
    workItems: fitting(items).map(toWorkItem),
    acknowledgements: fitting(told).map(toAcknowledgement),
    todos: fitting(todos).map(toTodo),
    shares: fitting(shares).map(toShare),
    log: fitting(log).map(toLogEntry),
    leftOutCount,
  };
}
