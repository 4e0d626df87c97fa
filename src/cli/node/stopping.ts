import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { sentenceOf } from "../failure.ts";

/** One thing that has to end before the process may. */
export interface StopStep {
  /** Continues "waiting for …". */
  readonly what: string;
  /** How long it may take. */
  readonly limitMs: number;
  run(): Promise<void>;
}

export function stopStep(what: string, limitMs: number, run: () => Promise<void>): StopStep {
  return { what, limitMs, run };
}

/** All steps together take no longer. */
const STOP_LIMIT_MS = 30_000;
/** Each of the steps gets at least this, however long those before it took: enough to begin. */
const LEAST_MS = 1_000;

/**
 * Takes the steps one after the other. One that fails or takes too long does not keep the others from their turn.
 *
 * @returns what did not end well, in words; empty when all did.
 */
export async function stopSteps(steps: readonly StopStep[], clock: Clock, log: Log): Promise<readonly string[]> {
  const troubles: string[] = [];
  const endAt = clock.monotonic() + STOP_LIMIT_MS;
  for (const [index, step] of steps.entries()) {
    const leftMs = endAt - clock.monotonic() - LEAST_MS * (steps.length - index - 1);
    const outcome = await withinLimit(step, Math.max(LEAST_MS, Math.min(step.limitMs, leftMs)), clock);
    if (outcome === "done") continue;
    troubles.push(outcome.trouble);
    log.error("The node did not end well", { what: step.what, trouble: outcome.trouble });
  }
  return troubles;
}

async function withinLimit(
  step: StopStep,
  limitMs: number,
  clock: Clock,
): Promise<"done" | { readonly trouble: string }> {
  const enough = new AbortController();
  const limit = clock.sleep(limitMs, enough.signal).then(
    () => ({ trouble: `${step.what} did not end within ${Math.round(limitMs / 1000)} s` }),
    () => "done" as const,
  );
  const work = step.run().then(
    () => "done" as const,
    (error: unknown) => ({ trouble: `${step.what} did not end well: ${sentenceOf(error)}` }),
  );
  try {
    return await Promise.race([work, limit]);
  } finally {
    enough.abort();
  }
}
