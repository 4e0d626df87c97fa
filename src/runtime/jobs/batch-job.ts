/** A batch of pushes (批量推送, R-067, R-072): all work items of a filter, one page after the other. */
import type { BatchMetadata } from "../../domain/approval/batch-log.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { Clock } from "../../ports/clock.ts";
import type { WorkItemFilter } from "../../ports/store/approvals.ts";
import type { ListCursor } from "../../ports/store/queries.ts";
import type { Store } from "../../ports/store/store.ts";
import type { SessionPushes } from "../approvals/approval-commands.ts";
import type { Job } from "./job-executor.ts";
import type { PushPage, PushRunState } from "./push-run.ts";
import { PushRun } from "./push-run.ts";

/** The payload of a batch. A type, for it is JSON. */
export type BatchPayload = {
  readonly platformId: string;
  readonly filter: WorkItemFilter & JsonObject;
  readonly pageSize: number;
  readonly force: boolean;
};

export interface PushJobDeps {
  readonly clock: Clock;
  readonly store: Store;
  readonly pushes: Pick<SessionPushes, "pushAll">;
}

/** Pushes on their way at a time: enough to keep a platform busy, few enough to be told whole. */
export const WINDOW = 300;

export function batchJob({ clock, store, pushes }: PushJobDeps): Job {
  return async ({ instanceId, payload, told, signal, tell }) => {
    const { platformId, filter, pageSize, force } = payload as BatchPayload;
    const known = told["batch"] as BatchMetadata | undefined;
    const total = known?.total ?? (await store.approvals.countWorkItems(filter));
    const run = new PushRun(
      {
        clock,
        signal,
        window: Math.max(WINDOW, pageSize),
        leavesStuck: false,
        load: (ids) => store.actors.loadInstances(ids),
        submit: ({ sessionId, pushes: wanted }) =>
          pushes.pushAll(sessionId, {
            pushes: wanted.map((each) => ({ platformId, ...each, transfer: null, note: "", origin: "BATCH", force })),
            batchId: instanceId,
            onlyIdle: false,
            requestId: `${instanceId}/${wanted[0]?.workItemId ?? sessionId}`,
          }),
        tell: (state) => {
          const batch = batchMetadata(state, total);
          const done = state.submitted - state.underWay.length;
          const progress = {
            percent: total === 0 ? 100 : Math.min(100, Math.floor((100 * done) / total)),
            step: "push",
            message: `${done} of ${total} work items`,
          };
          return tell(progress, { batch, run: state });
        },
      },
      told["run"],
    );
    await run.submitAll((cursor) => pages(store, { platformId, filter, pageSize }, cursor));
    await run.settled();
    return batchMetadata(run.state, total);
  };
}

async function* pages(
  store: Store,
  { platformId, filter, pageSize }: Pick<BatchPayload, "platformId" | "filter" | "pageSize">,
  cursor: JsonObject | null,
): AsyncGenerator<PushPage> {
  for (let after = cursor as ListCursor | null; ;) {
    const items = await store.approvals.pageWorkItems(filter, after, pageSize);
    const last = items.at(-1);
    if (last === undefined) {
      return;
    }
    after = { at: last.item.createdAt, id: last.item.id };
    yield {
      cursor: { ...after },
      wanted: items.map(({ item: { id, sessionId } }) => ({
        platformId,
        sessionId,
        pushes: [{ workItemId: id, action: "manual" }],
      })),
    };
  }
}

function batchMetadata({ cursor: _, underWay: __, ...counts }: PushRunState, total: number): BatchMetadata {
  return { ...counts, total: Math.max(total, counts.submitted) };
}
