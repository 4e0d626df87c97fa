import type { PushBatch } from "../../client/index.ts";
import type { Clock } from "../../ports/clock.ts";
import { progressInWords } from "./view.ts";

const LOOK_EVERY_MS = 1000;

/** Waits until a batch has ended, and tells how far it is whenever that has changed. */
export async function untilBatchEnds({
  clock,
  getBatch,
  tell,
}: {
  readonly clock: Pick<Clock, "sleep">;
  readonly getBatch: () => Promise<PushBatch | undefined>;
  readonly tell: (words: string) => void;
}): Promise<void> {
  let said = "";
  for (;;) {
    const batch = await getBatch();
    const words = batch === undefined ? "" : progressInWords(batch);
    if (words !== said) tell(words);
    said = words;
    if (batch === undefined || batch.endTime !== undefined) return;
    await clock.sleep(LOOK_EVERY_MS);
  }
}
