/** The sweep (对账, R-074 to R-078): what platforms should believe of the last three days and do not is pushed again. */
import type { JsonObject } from "../../domain/json.ts";
import type { Log } from "../../ports/log.ts";
import { driftsOf, retryAtOf } from "../platforms/drift.ts";
import type { DriftView } from "../platforms/drift.ts";
import type { SweptSessions } from "../platforms/swept-sessions.ts";
import { fingerprint } from "../fingerprint.ts";
import type { DriftCursor } from "../platforms/api.ts";
import { WINDOW } from "./batch-job.ts";
import type { PushJobDeps } from "./batch-job.ts";
import type { Job } from "./job-executor.ts";
import type { PushPage, PushRunState, PushWanted } from "./push-run.ts";
import { PushRun } from "./push-run.ts";

const SWEPT_MS = 3 * 86_400_000;
const PAGE = 200;

interface ReconcileDeps extends PushJobDeps {
  readonly log: Log;
  readonly swept: SweptSessions;
}

export function reconcileJob({ clock, store, pushes, log, swept }: ReconcileDeps): Job {
  return async ({ instanceId, payload, told, signal, tell }) => {
    const asked = payload["platformId"];
    const platformId = typeof asked === "string" && asked !== "" ? asked : null;
    const since = typeof told["since"] === "number" ? told["since"] : clock.now() - SWEPT_MS;
    const startedAt = since + SWEPT_MS;
    const views = await swept.views(platformId, (id, error) =>
      log.warn("a platform is left out of the sweep: its settings cannot be used", { platform: id, error }),
    );
    const run = new PushRun(
      {
        clock,
        signal,
        window: WINDOW,
        leavesStuck: true,
        load: (ids) => store.actors.loadInstances(ids),
        submit: async ({ platformId: id, sessionId, pushes: wanted }) =>
          (await pushes.pushAll(sessionId, {
            pushes: wanted.map((each) => ({
              platformId: id,
              ...each,
              transfer: null,
              note: "",
              origin: "SWEEP",
              // What was told meanwhile need not be told again.
              force: false,
            })),
            batchId: "",
            // What is on its way will tell the same.
            onlyIdle: true,
            // What is due is found anew when a page is looked at again: by then it may be something else.
            requestId: `${instanceId}/${id}/${sessionId}/${fingerprint(wanted)}`,
          })) ?? [],
        tell: (state) => {
          const { cursor: _, underWay: __, ...counts } = state;
          const message = `${state.submitted} pushes made again, ${underWayOf(state)} of them on their way`;
          return tell({ percent: 0, step: "sweep", message }, { since, reconciled: counts, run: state });
        },
      },
      told["run"],
    );
    await run.submitAll((cursor) => pages(views, cursor));
    // What waits for a platform that is down is not waited for: the next sweep must not wait either.
    const { cursor: _, underWay: __, ...counts } = run.state;
    return { ...counts, underWay: underWayOf(run.state) };

    async function* pages(all: readonly DriftView[], cursor: JsonObject | null): AsyncGenerator<PushPage> {
      const at = cursor === null ? null : (cursor as unknown as SweepCursor);
      const first = at === null ? 0 : all.findIndex(({ platform }) => platform.id >= at.platformId);
      for (const view of first < 0 ? [] : all.slice(first)) {
        const { id } = view.platform;
        let place: DriftCursor | null = at?.platformId === id ? { stage: at.stage, after: at.after } : null;
        do {
          const page = await swept.page(id, { since, startedAt, cursor: place, limit: PAGE });
          const now = clock.now();
          const wanted = page.sessions.flatMap((known): readonly PushWanted[] => {
            const due = driftsOf(known, view).filter((drift) => {
              const retryAt = retryAtOf(drift, known, view);
              return retryAt !== null && retryAt <= now;
            });
            const sessionId = known.session.session.id;
            const again = due.map(({ workItemId, action }) => ({ workItemId, action }));
            return again.length === 0 ? [] : [{ platformId: id, sessionId, pushes: again }];
          });
          const before = cursorAt(id, place);
          place = page.next;
          const parts = fitting(wanted);
          for (const part of parts.slice(0, -1)) {
            // The page is looked at again from its beginning: what is on its way is left alone.
            yield { wanted: part, cursor: before };
          }
          yield { wanted: parts.at(-1) ?? [], cursor: cursorAt(id, place ?? END) };
        } while (place !== null);
      }
    }
  };
}

interface SweepCursor extends DriftCursor {
  readonly platformId: string;
}

/** After the last of a platform. */
const END: DriftCursor = { stage: "sessions", after: { at: Number.MAX_SAFE_INTEGER, id: "" } };

const BEGINNING: DriftCursor = { stage: "items", after: null };

function cursorAt(platformId: string, cursor: DriftCursor | null): JsonObject {
  const { stage, after } = cursor ?? BEGINNING;
  return { platformId, stage, after: after === null ? null : { ...after } };
}

/** In parts that the window holds, each session whole. */
function fitting(wanted: readonly PushWanted[]): readonly (readonly PushWanted[])[] {
  const parts: PushWanted[][] = [];
  let room = 0;
  for (const each of wanted) {
    if (each.pushes.length > room || parts.length === 0) {
      parts.push([]);
      room = WINDOW;
    }
    parts.at(-1)?.push(each);
    room -= each.pushes.length;
  }
  return parts;
}

/** Those that it no longer waits for among them. */
function underWayOf({ submitted, succeeded, failed, skipped, superseded }: PushRunState): number {
  return submitted - succeeded - failed - skipped - superseded;
}
