/** Counters of a definition since its creation. */
export interface DefinitionCounters {
  /** Instances not in a final state. */
  readonly active: number;
  readonly created: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly timedOut: number;
  /** Due times that were not fired. */
  readonly notFired: number;
  /** Due times taken, fired or not. */
  readonly occurrences: number;
  readonly consecutiveFailures: number;
}

export const NO_COUNTERS: DefinitionCounters = {
  active: 0,
  created: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
  timedOut: 0,
  notFired: 0,
  occurrences: 0,
  consecutiveFailures: 0,
};

/** Which instances are to be called off, and how. */
export interface Cancelling {
  readonly which: "all" | "gated";
  readonly terminate: boolean;
  readonly reason: string;
  /** Only instances with a smaller id, which are older; empty: all of them. */
  readonly olderThan: string;
}

/** What changes of a definition as it fires: the supervisor's durable state beside the definition's own. */
export interface Supervision {
  /** Due times up to and including this one are in the ledger. */
  readonly takenUntil: number;
  /** The next due time (without jitter), or null when there is none. */
  readonly nextDueAt: number | null;
  /** The last due time that was fired. */
  readonly lastFiredAt: number | null;
  /** When a late occurrence was last fired, while the catch-up rate holds others back. */
  readonly lateFireAt?: number;
  /** When an instance last ended. */
  readonly lastEndedAt: number | null;
  readonly counters: DefinitionCounters;
  /** Unfinished instances that are being called off: set until each of them has been told, through restarts. */
  readonly cancelling?: Cancelling;
  /** Instances that wait for the definition's own policies (buffered, limited, ordered). */
  readonly gated: number;
}

/** A supervisor's row. */
export interface SupervisorRecord {
  readonly definitionId: string;
  readonly shard: number;
  readonly supervision: Supervision;
  /** Look at it no later than this; may be earlier than needed, never later. Null: nothing to wake for. */
  readonly wakeAt: number | null;
}
