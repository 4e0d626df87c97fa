/** Belfry's own work: jobs by name, each an instance like any other, run by the node that owns it. */
import { BATCHES_QUEUE, JOBS_QUEUE } from "../../domain/action.ts";
import { BelfryError } from "../../domain/error.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { StoreUnavailable } from "../../ports/store/journal.ts";
import type { Assignment, ExecutorCommands, Heartbeat } from "../api.ts";
import { BuiltInExecutor } from "../executors/built-in-executor.ts";
import { failed } from "../executors/performed-attempt.ts";
import type { Outcome } from "../executors/performed-attempt.ts";
import { storeUnavailable } from "../refusals.ts";

export interface JobRun {
  readonly instanceId: string;
  readonly payload: JsonObject;
  /** What was told with `tell`, by this attempt or those before. */
  readonly told: JsonObject;
  readonly signal: AbortSignal;
  /** How far it is, and what the next attempt goes on from: merged, and durable when it resolves. */
  tell(progress: NonNullable<Heartbeat["progress"]>, metadata: JsonObject): Promise<void>;
}

/** @returns the result. Rejects with a BelfryError, or StoreUnavailable, when it cannot go on. */
export type Job = (run: JobRun) => Promise<JsonObject>;

/** At a time on a node. A batch, of which each platform has one, mostly waits. */
const SLOTS = { [JOBS_QUEUE]: 4, [BATCHES_QUEUE]: 16 };

export function jobExecutors(deps: {
  readonly jobs: ReadonlyMap<string, Job>;
  readonly workers: ExecutorCommands;
  readonly clock: Clock;
  readonly log: Log;
  readonly nodeId: string;
}): readonly BuiltInExecutor[] {
  const { jobs, nodeId, ...rest } = deps;
  return Object.entries(SLOTS).map(
    ([queue, slots]) =>
      new BuiltInExecutor({
        ...rest,
        queue,
        workerId: `belfry@${nodeId}`,
        perform: (assignment, signal) => perform(jobs, rest.workers, assignment, signal),
        ready: true,
        slots,
      }),
  );
}

async function perform(
  jobs: ReadonlyMap<string, Job>,
  workers: ExecutorCommands,
  { instance, token }: Assignment,
  signal: AbortSignal,
): Promise<Outcome> {
  const { action, payload } = instance.spec;
  const job = action.kind === "job" ? jobs.get(action.job) : undefined;
  if (job === undefined) {
    return failed("UNKNOWN_JOB", "This version of Belfry does not know the job.", false);
  }
  try {
    const result = await job({
      instanceId: instance.id,
      payload: payload ?? {},
      told: instance.life.metadata ?? {},
      signal,
      tell: async (progress, metadata) => {
        await workers.heartbeat(token, { progress, metadata });
      },
    });
    return { kind: "completed", result };
  } catch (thrown) {
    if (signal.aborted) {
      // Whoever broke it off has said already what came of it.
      return failed("BROKEN_OFF", "It was broken off.", true);
    }
    const error = thrown instanceof StoreUnavailable ? storeUnavailable(thrown) : thrown;
    if (!(error instanceof BelfryError)) {
      throw error;
    }
    const mayPass = error.code === "UNAVAILABLE" || error.reason === "BUSY" || error.code === "DEADLINE_EXCEEDED";
    return failed(error.reason, error.message, mayPass);
  }
}
