/** Sessions, work items, pushes and batches by the ids that callers give. */
import type { SessionRecord, WorkItemRecord } from "../../domain/approval/records.ts";
import { BelfryError } from "../../domain/error.ts";
import type { InstanceRecord } from "../../domain/instance/instance.ts";
import type { ApprovalStore } from "../../ports/store/approvals.ts";
import type { QueryStore } from "../../ports/store/queries.ts";
import { batchPlatformOf, isPush, type PushRecord } from "../mapping/push.ts";

/** @throws BelfryError SESSION_NOT_FOUND */
export async function readSession(approvals: ApprovalStore, id: string): Promise<SessionRecord> {
  const [found] = await approvals.loadSessions([id]);
  if (found !== undefined) return found;
  throw new BelfryError("SESSION_NOT_FOUND", `Nothing was reported of a session "${id}". ReportEvent tells of it.`, {
    metadata: { session_id: id },
  });
}

/** @throws BelfryError WORK_ITEM_NOT_FOUND */
export async function readWorkItem(approvals: ApprovalStore, id: string): Promise<WorkItemRecord> {
  const [found] = await approvals.loadWorkItems({ ids: [id] });
  if (found !== undefined) return found;
  throw new BelfryError(
    "WORK_ITEM_NOT_FOUND",
    `Nothing was reported of a work item "${id}". ListWorkItems shows those that are known.`,
    { metadata: { work_item_id: id } },
  );
}

/** @throws BelfryError PUSH_NOT_FOUND when there is no such instance, or it runs something else. */
export async function readPush(queries: QueryStore, id: string): Promise<PushRecord> {
  const found = await queries.getInstance(id);
  if (found !== null && isPush(found)) return found;
  const why = found === null ? "" : " The instance of this id is no push: GetInstance shows it.";
  throw new BelfryError("PUSH_NOT_FOUND", `There is no push "${id}".${why} ListPushLogs shows those that exist.`, {
    metadata: { push_log_id: id },
  });
}

/** @throws BelfryError BATCH_NOT_FOUND when there is no such instance, or it is no batch. */
export async function readBatch(
  queries: QueryStore,
  id: string,
): Promise<{ readonly instance: InstanceRecord; readonly platformId: string }> {
  const instance = await queries.getInstance(id);
  const platformId = instance === null ? null : batchPlatformOf(instance);
  if (instance !== null && platformId !== null) return { instance, platformId };
  const why = instance === null ? "" : " The instance of this id is no batch: GetInstance shows it.";
  throw new BelfryError("BATCH_NOT_FOUND", `There is no batch of pushes "${id}".${why}`, {
    metadata: { batch_id: id },
  });
}
