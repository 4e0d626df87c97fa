/** How far a shard's events have been published. */
export interface PublishedCursor {
  readonly shard: number;
  /** All events up to this sequence are on the stream. */
  readonly sequence: number;
  /** The stream they are on (`EventStream.open`): on another one they are not. Empty: on none yet. */
  readonly stream: string;
}

/** Cursors of publishing. They may lag behind what was published, never run ahead of it. */
export interface CursorStore {
  /** Cursors of these shards; those never published are left out. */
  read(shards: readonly number[]): Promise<readonly PublishedCursor[]>;
  /** Writes those whose shard is still at the epoch; the others are left alone. Each shard at most once. */
  write(cursors: readonly (PublishedCursor & { readonly epoch: number })[]): Promise<void>;
  /**
   * Per shard the sequence before its first event at `at` or later (0: that is the first), for a replay of what is younger. Nothing younger is
   * left out while no event is stamped more than a minute before an earlier one of its shard.
   */
  lastBefore(
    shards: readonly number[],
    at: number,
  ): Promise<readonly { readonly shard: number; readonly sequence: number }[]>;
}
