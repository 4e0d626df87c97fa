/**
 * Why a running attempt shall stop:
 *
 * - CANCELLED: its instance is being cancelled. Clean up and leave; throwing anything ends it as cancelled, returning a result
 *   completes it all the same.
 * - STALE: the attempt is over for the server (it timed out, or another worker has it). Nothing it returns is wanted.
 * - STOPPING: this worker stops and its grace is over. What throws now is tried again by another worker.
 */
export type AbortKind = "CANCELLED" | "STALE" | "STOPPING";

/** The reason of an attempt's `signal`, and what `checkpoint()` throws once the signal has aborted. */
export class AttemptAborted extends Error {
  override readonly name = "AttemptAborted";
  readonly kind: AbortKind;

  constructor(kind: AbortKind) {
    super(MESSAGES[kind]);
    this.kind = kind;
  }
}

const MESSAGES: Readonly<Record<AbortKind, string>> = {
  CANCELLED: "The instance is being cancelled",
  STALE: "The attempt is over for the server; its result is not wanted any more",
  STOPPING: "The worker stops and the time it gives its attempts is over",
};

/** Why an attempt's signal aborted; undefined while it has not. */
export function abortKindOf(signal: AbortSignal): AbortKind | undefined {
  const reason: unknown = signal.aborted ? signal.reason : undefined;
  return reason instanceof AttemptAborted ? reason.kind : undefined;
}
