/** How long an instance and its attempts may take, in milliseconds; `null` means without end. */
export interface Timeouts {
  /** From ready to run until an attempt starts. */
  readonly scheduleToStartMs: number | null;
  /** One attempt. */
  readonly startToCloseMs: number | null;
  /** From creation to the end, retries included. */
  readonly scheduleToCloseMs: number | null;
  /** Between two signs of life; `undefined`: 60 s for attempts on a stream, none for polled ones. */
  readonly heartbeatMs: number | null | undefined;
  /** From a cancel request to the end, answered or not. */
  readonly cancelGraceMs: number;
}

export const DEFAULT_STREAM_HEARTBEAT_MS = 60_000;

export const DEFAULT_TIMEOUTS: Timeouts = {
  scheduleToStartMs: null,
  startToCloseMs: 3_600_000,
  scheduleToCloseMs: null,
  heartbeatMs: undefined,
  cancelGraceMs: 30_000,
};
