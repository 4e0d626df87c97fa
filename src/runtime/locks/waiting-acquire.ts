/**
 * Locks as callers of any node see them: to acquire may wait. The waiting is the caller's node's, in short questions to the owner of the lock, so
 * that it outlives the owner, and ends with its caller; to acquire is one command, as for those who do not wait.
 */
import { BelfryError } from "../../domain/error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Ids } from "../../ports/ids.ts";
import { outcomeUnknown } from "../refusals.ts";
import type { LockCommands, LockView } from "./api.ts";
import type { LocalLockCommands } from "./lock-commands.ts";

/** Shorter than the router waits before it asks again. */
const QUESTION_MS = 2000;
/** While nobody owns the lock's shard. */
const PAUSE_MS = 200;

type Acquire = Parameters<LockCommands["acquire"]>[1];

interface Deps {
  readonly routed: LocalLockCommands;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Whether this node goes away: then nobody waits at it any more. */
  readonly isLeaving: () => boolean;
}

export function callersLocks({ routed, clock, ids, isLeaving }: Deps): LockCommands {
  async function acquireInTurn(name: string, command: Acquire, signal: AbortSignal | undefined): Promise<LockView> {
    const { waitMs, ...asked } = command;
    const isNamed = asked.requestId !== undefined && asked.requestId !== "";
    // A repetition stands in the place of the first.
    const ticket = isNamed ? (asked.requestId ?? "") : ids.uuid();
    const startedAt = clock.monotonic();
    const leftMs = (): number => waitMs - (clock.monotonic() - startedAt);
    let hasPlace = false;
    /** Whether an earlier try may have taken it: then no later refusal says that it was not taken. */
    let mayBeTaken = false;
    try {
      for (;;) {
        signal?.throwIfAborted();
        try {
          const view = await routed.acquire(name, { ...asked, ticket });
          hasPlace = false;
          return view;
        } catch (error) {
          mayBeTaken ||= isUnknown(error);
          if (leftMs() <= 0 || isLeaving() || !isWorthWaiting(error, isNamed)) {
            throw error;
          }
        }
        hasPlace = true;
        await aborting(awaitTurn(), signal);
      }
    } catch (error) {
      throw mayBeTaken && isRefusal(error) ? outcomeUnknown() : error;
    } finally {
      if (hasPlace) {
        void routed.leave(name, { ticket }).catch(() => {});
      }
    }

    /** Until it is the caller's turn, or its time is up. To ask takes nothing, so it is asked again whatever became of the question. */
    async function awaitTurn(): Promise<void> {
      while (leftMs() > 0 && signal?.aborted !== true) {
        const waitedMs = Math.floor(clock.monotonic() - startedAt);
        const forMs = Math.min(QUESTION_MS, Math.ceil(leftMs()));
        try {
          if (await routed.awaitTurn(name, { ticket, holder: asked.holder, waitedMs, forMs })) {
            return;
          }
        } catch (error) {
          if (isLeaving() || !isWorthWaiting(error, true)) {
            throw error;
          }
          await clock.sleep(Math.min(PAUSE_MS, Math.max(1, leftMs())));
        }
      }
    }
  }

  return {
    acquire: (name, command, signal) => {
      const { waitMs, ...asked } = command;
      return waitMs > 0 ? acquireInTurn(name, command, signal) : routed.acquire(name, asked);
    },
    renew: routed.renew,
    release: routed.release,
    get: routed.get,
  };
}

/** Whether the lock may be had later, and was surely not taken now, or would be given to the same question again. */
function isWorthWaiting(error: unknown, isRepeatable: boolean): boolean {
  if (!(error instanceof BelfryError)) {
    return false;
  }
  const { reason } = error;
  return reason === "LOCK_HELD" || reason === "SHARD_UNAVAILABLE" || (isRepeatable && reason === "OUTCOME_UNKNOWN");
}

function isUnknown(error: unknown): boolean {
  return error instanceof BelfryError && error.reason === "OUTCOME_UNKNOWN";
}

/** Whether it says that nothing was taken. That a hold was lost says the contrary. */
function isRefusal(error: unknown): boolean {
  return error instanceof BelfryError && error.reason !== "LOCK_LOST";
}

/** The same, unless the signal aborts first: then it rejects with the signal's reason. */
async function aborting<Value>(work: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (signal === undefined) {
    return work;
  }
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
    work.catch(() => {});
  }
}
