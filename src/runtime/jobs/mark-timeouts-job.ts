/**
 * The timeout sweep (超时检测, R-128): executions that run for longer than `timeout_minutes` count as failed, for whoever ran them will not say so any more.
 *
 * - T1 What Celery's result backend knows goes first: what has ended there is recorded as it ended. With a backend every execution that has not ended
 *   is compared with it, as in the source.
 * - T2 Only what still runs is ended, as it stands when the owner of its shard decides: a report that came meanwhile counts.
 * - T3 While the backend does not answer, or what it has cannot be read, what is over its time is left for the next sweep: it may have ended well, and a
 *   final state is never undone. After a day it is ended all the same.
 * - T4 One that cannot be updated stops nothing; the next sweep meets it again.
 */
import { BelfryError } from "../../domain/error.ts";
import type { ExecutionReport } from "../../domain/execution/report.ts";
import type { InstanceRecord, InstanceState } from "../../domain/instance/instance.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ConfigReader, ConfigValues } from "../../ports/config-reader.ts";
import type { Log } from "../../ports/log.ts";
import type { InstanceFilter, ListCursor, QueryStore } from "../../ports/store/queries.ts";
import type { ExecutionCommands } from "../executions/api.ts";
import type { Job } from "./job-executor.ts";

export interface MarkTimeoutsDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly queries: Pick<QueryStore, "listInstances" | "countInstances">;
  readonly configs: () => Pick<ConfigReader, "values">;
  /** Carried out by the owners. */
  readonly executions: () => Pick<ExecutionCommands, "update" | "sync">;
  /** Whether there is a result backend to compare with. */
  readonly hasResults: boolean;
}

/** How many are read at a time, and how many of them are asked for or told at a time. */
const PAGE = 200;
const AT_A_TIME = 20;
const MINUTE_MS = 60_000;
/** T3. */
const PATIENCE_MS = 86_400_000;

/** What came of those that were looked at. */
const NOTHING_YET = {
  /** Ended, for their time was up. */
  timedOut: 0,
  /** Brought in line with the result backend. */
  synced: 0,
  /** Left for the next sweep, which they should not have been. */
  failed: 0,
  looked: 0,
};
type Counts = typeof NOTHING_YET;

/** What becomes of one; null: nothing. */
type Became = Exclude<keyof Counts, "looked"> | null;

export function markTimeoutsJob(deps: MarkTimeoutsDeps): Job {
  const { clock, log, queries, configs, hasResults } = deps;
  return async ({ told, signal, tell }) => {
    const now = clock.now();
    const minutes = await configs().values("timeout_minutes");
    const states: readonly InstanceState[] = hasResults ? ["PENDING", "RUNNING", "BACKING_OFF"] : ["RUNNING"];
    const filter: InstanceFilter = { execution: {}, states, createdBefore: newestOf(now, minutes, hasResults) };
    const known = told["sweep"] as { readonly after: ListCursor | null; readonly counts: Counts } | undefined;
    let after = known?.after ?? null;
    let counts = known?.counts ?? NOTHING_YET;
    const total = Math.max(counts.looked, await queries.countInstances(filter));
    let failure: unknown;

    for (let isLast = false; !isLast;) {
      const page = await queries.listInstances(filter, after, PAGE);
      for (let from = 0; from < page.length; from += AT_A_TIME) {
        signal.throwIfAborted();
        const part = page.slice(from, from + AT_A_TIME);
        const became = await Promise.all(part.map((record) => settle(record)));
        counts = counted(counts, became);
      }
      const last = page.at(-1);
      isLast = last === undefined || page.length < PAGE;
      after = last === undefined ? after : { at: last.createdAt, id: last.id };
      const percent = isLast ? 100 : Math.min(99, Math.floor((100 * counts.looked) / Math.max(1, total)));
      const message = `${counts.looked} executions looked at, ${counts.timedOut} of them over their time`;
      await tell({ percent, step: "sweep", message }, { sweep: { after: after && { ...after }, counts } });
    }
    if (counts.failed > 0) {
      const { failed } = counts;
      log.warn("executions could not be looked after; the next sweep of timeouts meets them again", {
        failed,
        error: failure,
      });
    }
    return { ...counts };

    async function settle(record: InstanceRecord): Promise<Became> {
      const own = minutes.users.get(record.spec.userId) ?? minutes.everybody;
      try {
        return await settled(deps, record, { now, minutes: own });
      } catch (error) {
        if (signal.aborted) {
          throw error;
        }
        if (error instanceof BelfryError && error.reason === "EXECUTION_NOT_FOUND") {
          return null; // It was removed meanwhile.
        }
        failure ??= error;
        return "failed";
      }
    }
  };
}

async function settled(
  { executions, hasResults }: MarkTimeoutsDeps,
  record: InstanceRecord,
  { now, minutes }: { readonly now: number; readonly minutes: number },
): Promise<Became> {
  const before = now - minutes * MINUTE_MS;
  const { current, isNews } =
    hasResults || isOver(record, before)
      ? await compared(executions(), record, isOver(record, before - PATIENCE_MS))
      : { current: record, isNews: false };
  if (!isOver(current, before)) {
    return isNews ? "synced" : null;
  }
  const { heeded } = await executions().update(current.id, { report: timeout(minutes, before), onlyIn: "RUNNING" });
  return heeded ? "timedOut" : null; // T2
}

/** T1. @param patienceIsOver a backend that cannot be asked counts as one that knows nothing. */
async function compared(
  executions: Pick<ExecutionCommands, "sync">,
  record: InstanceRecord,
  patienceIsOver: boolean,
): Promise<{ readonly current: InstanceRecord; readonly isNews: boolean }> {
  try {
    const { instance, changed } = await executions.sync(record.id);
    return { current: instance, isNews: changed };
  } catch (error) {
    const reason = error instanceof BelfryError ? error.reason : null;
    // The owner may know of no backend, though this node does, or the other way round.
    const cannotBeAsked = reason === "RESULT_BACKEND_UNAVAILABLE" || reason === "RESULT_UNREADABLE";
    if (reason === "RESULT_BACKEND_MISSING" || (cannotBeAsked && patienceIsOver)) {
      return { current: record, isNews: false };
    }
    throw error; // T3, T4
  }
}

/** What was tried again began long ago, and yet its attempt that runs may be young: that one has the time. */
function isOver({ state, life }: InstanceRecord, before: number): boolean {
  const since = life.attemptCount > 1 ? life.stateAt : life.startedAt;
  return state === "RUNNING" && since !== null && since < before;
}

/** In the words of the source. */
function timeout(minutes: number, before: number): ExecutionReport {
  const startedBefore = new Date(before).toISOString().replace("T", " ").replace("Z", "+00:00");
  return {
    state: "FAILED",
    error: {
      code: "TIMEOUT",
      message: `Task timeout (exceeded ${minutes} minutes, started before ${startedBefore})`,
    },
  };
}

/** Whoever was registered later cannot be over its time, for nothing starts before it is registered. */
function newestOf(now: number, { everybody, users }: ConfigValues<"timeout_minutes">, hasResults: boolean): number {
  const shortest = [...users.values()].reduce((least, minutes) => Math.min(least, minutes), everybody);
  return hasResults ? now : now - shortest * MINUTE_MS;
}

function counted(counts: Counts, became: readonly Became[]): Counts {
  const next = { ...counts, looked: counts.looked + became.length };
  for (const each of became) {
    if (each !== null) {
      next[each]++;
    }
  }
  return next;
}
