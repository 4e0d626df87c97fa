/** The bounds and rhythms of a node. What happens at each bound is an error to the caller (BUSY), never a loss. */
export interface RuntimeOptions {
  readonly nodeId: string;
  readonly shardCount: number;
  /** A node that is dead this long loses its shards. */
  readonly leaseTtlMs: number;
  /** How long before the end of its lease a node stops deciding. */
  readonly leaseMarginMs: number;
  /** How often a node looks for shards without an owner. */
  readonly acquireEveryMs: number;
  /** How often a node says that it is alive. */
  readonly heartbeatMs: number;
  /** A node that was not heard for so long is gone: its shards are meant for others when their leases are over. */
  readonly memberTimeoutMs: number;
  /** How long the nodes must have been the same before shards move from one that lives to another. */
  readonly settleMs: number;
  /** How long the events of a shard that is about to be handed over are waited for to be published. */
  readonly settlePublishingMs: number;
  /** A shard that nobody took for so long is anybody's. */
  readonly orphanAfterMs: number;
  /** How long a command waits for its shard to have an owner that answers. */
  readonly routeMs: number;
  /** How long an owner is waited for. Then it is not known what became of the command. */
  readonly answerMs: number;
  /** Commands that wait for other nodes; more are refused. */
  readonly maxRouted: number;
  /** Decisions that wait for their commit; more are refused. */
  readonly maxUncommitted: number;
  /** Messages that wait for one actor; more are refused. */
  readonly mailboxLimit: number;
  /** How far ahead deadlines are read from the store. */
  readonly readAheadMs: number;
  /** How many deadlines are read at a time. */
  readonly readAheadLimit: number;
  /** An actor that was idle this long leaves the memory. */
  readonly idleMs: number;
  /** Actors in memory beyond which idle ones leave at once. */
  readonly residentLimit: number;
  /** Instances of one queue that wait in memory; more wait in the store. */
  readonly queueFront: number;
  /** How many due times one supervisor takes before others have their turn. */
  readonly takesPerTurn: number;
}

export const DEFAULT_RUNTIME_OPTIONS: Omit<RuntimeOptions, "nodeId"> = {
  shardCount: 128,
  leaseTtlMs: 3000,
  leaseMarginMs: 500,
  acquireEveryMs: 500,
  heartbeatMs: 500,
  memberTimeoutMs: 2500,
  settleMs: 1000,
  settlePublishingMs: 100,
  orphanAfterMs: 2000,
  routeMs: 8000,
  answerMs: 15_000,
  maxRouted: 20_000,
  maxUncommitted: 20_000,
  mailboxLimit: 1000,
  readAheadMs: 5000,
  readAheadLimit: 5000,
  idleMs: 15_000,
  residentLimit: 50_000,
  queueFront: 10_000,
  takesPerTurn: 200,
};
