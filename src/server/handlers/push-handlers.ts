import { pushActionOf, type PushAction } from "../../domain/approval/push-action.ts";
import { invalid } from "../../domain/error.ts";
import type { InstanceRecord } from "../../domain/instance/instance.ts";
import type { PushService, PushWorkItemRequest } from "../../gen/belfry/v1/push_service_pb.ts";
import type { ApprovalStore } from "../../ports/store/approvals.ts";
import type { Handlers } from "../call/handler.ts";
import { isPush, toPushBatch, toPushLog, type PushRecord } from "../mapping/push.ts";
import { workItemFilterOf } from "../mapping/work-item-filter.ts";
import { readBatch, readSession, readWorkItem } from "./approvals-found.ts";
import type { ServiceEnvironment } from "./environment.ts";
import { pushReadHandlers } from "./push-read-handlers.ts";
import { requestIdOf } from "./request-id.ts";

/** Work items that a batch reads at a time. */
const DEFAULT_BATCH_PAGE = 30;

export function pushHandlers(environment: ServiceEnvironment): Handlers<typeof PushService> {
  const { runtime, queries, approvals } = environment;
  const { pushes } = runtime.taskCenters;

  return {
    ...pushReadHandlers(environment),

    async pushWorkItem(request) {
      const { platformId, note } = request;
      const action = actionOf(request);
      const { sessionId, workItemId } = await targetOf(request, approvals);
      const { instance } = await pushes.push(sessionId, {
        push: { platformId, workItemId, action, transfer: null, note, origin: "MANUAL", force: true },
        ...requestIdOf(request),
      });
      return { pushLog: toPushLog(asPush(instance)) };
    },

    async batchPush(request) {
      const { platformId, filter, pageSize, force } = request;
      const { instance } = await pushes.batch(platformId, {
        filter: filter === undefined ? {} : workItemFilterOf(filter, "filter."),
        pageSize: pageSize === 0 ? DEFAULT_BATCH_PAGE : pageSize,
        force,
        ...requestIdOf(request),
      });
      return { batch: toPushBatch(instance, platformId) };
    },

    async getBatchPush({ batchId }) {
      const { instance, platformId } = await readBatch(queries, batchId);
      return { batch: toPushBatch(instance, platformId) };
    },

    async reconcilePushes(request) {
      const { platformId } = request;
      const { instance } = await pushes.reconcile({
        platformId: platformId === "" ? null : platformId,
        ...requestIdOf(request),
      });
      return { instanceId: instance.id };
    },
  };
}

/** @throws BelfryError INVALID_FIELD */
function actionOf({ action: name }: PushWorkItemRequest): PushAction {
  const action = name === "" ? "manual" : pushActionOf(name);
  if (action !== null) return action;
  throw invalid({
    field: "action",
    description:
      "is no action that is known, such as receive or after_examine; leave it out for what the present state calls for",
  });
}

/** @throws BelfryError INVALID_FIELD, WORK_ITEM_NOT_FOUND, SESSION_NOT_FOUND */
async function targetOf(
  { workItemId, sessionId }: PushWorkItemRequest,
  approvals: ApprovalStore,
): Promise<{ readonly sessionId: string; readonly workItemId: string | null }> {
  if (workItemId === "") {
    if (sessionId === "") {
      throw invalid({ field: "workItemId", description: "is required, or a sessionId in its place" });
    }
    await readSession(approvals, sessionId);
    return { sessionId, workItemId: null };
  }
  const { item } = await readWorkItem(approvals, workItemId);
  if (sessionId !== "" && sessionId !== item.sessionId) {
    throw invalid({ field: "sessionId", description: "is not the session of the work item; leave it out" });
  }
  return { sessionId: item.sessionId, workItemId };
}

function asPush(instance: InstanceRecord | null): PushRecord {
  if (instance !== null && isPush(instance)) return instance;
  throw new Error(instance === null ? "No push was made" : `Instance ${instance.id} was made as a push and is none`);
}
