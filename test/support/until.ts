import { setTimeout as sleep } from "node:timers/promises";

const PATIENCE_MS = 20_000;
const LOOK_EVERY_MS = 20;

/**
 * Waits for something that other processes bring about. What throws does not hold yet: a database may be away.
 *
 * @param claim what is waited for, for the message when it does not come.
 */
export async function until(
  holds: () => boolean | Promise<boolean>,
  claim: string,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  for (const from = performance.now(); ;) {
    let trouble: unknown;
    try {
      if (await holds()) return;
    } catch (error) {
      trouble = error;
    }
    if (performance.now() - from > patienceMs)
      throw new Error(`Waited ${patienceMs / 1000} s for this: ${claim}`, { cause: trouble });
    await sleep(LOOK_EVERY_MS);
  }
}
