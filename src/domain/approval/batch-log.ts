/** How far a batch of pushes is (批量推送, R-067): metadata of its instance, beside what else may stand there. */
import type { JsonObject } from "../json.ts";

// A type, not an interface: it is a JSON object.

export type BatchMetadata = {
  /** Work items that its filter selects, as counted when it began. */
  readonly total: number;
  /** Those of which a push was made, or none had to be. */
  readonly submitted: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly skipped: number;
  readonly superseded: number;
};

const NOTHING_YET: BatchMetadata = { total: 0, submitted: 0, succeeded: 0, failed: 0, skipped: 0, superseded: 0 };

/** Of one that has not begun: nothing. */
export function batchMetadataOf(metadata: JsonObject | null): BatchMetadata {
  return { ...NOTHING_YET, ...(metadata?.["batch"] as BatchMetadata | undefined) };
}

/** Work items that are dealt with, whichever way. */
export function doneOf({ succeeded, failed, skipped, superseded }: BatchMetadata): number {
  return succeeded + failed + skipped + superseded;
}
