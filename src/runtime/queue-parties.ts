/** Who deals with the queues of this node: who takes, who starts, and the other nodes. */
import type { InstanceResident } from "./residents.ts";

/** Who takes instances: a worker's stream, one poll, or a worker of another node that has lent slots. */
export interface Taker {
  readonly id: string;
  readonly workerId: string;
  /** Its worker is with another node. */
  readonly remote: boolean;
  /** Whether the worker's client heartbeats by itself. */
  readonly heartbeats: boolean;
  /** Told at the decision; what reaches the worker waits for the commit. */
  started(resident: InstanceResident, token: string): void;
}

export interface QueueStarter {
  /** Starts an attempt. @returns whether the instance could be started. */
  start(resident: InstanceResident, attempt: { token: string; workerId: string; heartbeatMs: number | null }): boolean;
  /** Brings instances to life. */
  activate(ids: readonly string[]): Promise<readonly InstanceResident[]>;
  run(decide: () => void): void;
}

/** What passes between the queues of this node and those of others. */
export interface Exchange {
  /** Whether there are others. */
  readonly active: boolean;
  /**
   * A node whose instances come before what waits here, when a slot is free here; null: none. It is its turn then.
   * @param mostUrgent the priority of what waits here; null: nothing does.
   */
  nodeBefore(queue: string, mostUrgent: number | null): string | null;
  /** A slot of a worker here is for that node. */
  lend(queue: string, node: string, takerId: string): void;
  /** What could be paired has been: what waits still, and which lent slots are left over. */
  paired(queue: string, left: QueueRest): void;
  /** The first worker here waits for this queue. */
  staffed(queue: string): void;
}

export interface QueueRest {
  /** Roughly, when it is much. */
  readonly waiting: number;
  readonly mostUrgent: number | null;
  /** Takers of other nodes whose slots nothing here needs. */
  readonly unused: readonly Taker[];
}
