/** The bounds and rhythms of publishing. */
export interface PublishingOptions {
  /** Events published, or read from the log, at a time. */
  readonly batch: number;
  /** How often cursors of shards that moved are written, in milliseconds. */
  readonly checkpointMs: number;
  /** Events of this node kept in memory; what does not fit is read from the log when its turn comes. */
  readonly memoryLimit: number;
  /** How far back a stream that was made anew is filled, in milliseconds. */
  readonly replayMs: number;
}

export const DEFAULT_PUBLISHING_OPTIONS: PublishingOptions = {
  batch: 500,
  checkpointMs: 1000,
  memoryLimit: 20_000,
  replayMs: 600_000,
};
