/** Who deals with the queues of this node: who takes, who starts, and the other nodes. */
import type { Queue } from "../actors/queue/queue.ts";
import { heartbeatOf } from "../domain/action.ts";
import type { InstanceRecord } from "../domain/instance/instance.ts";
import { DEFAULT_STREAM_HEARTBEAT_MS } from "../domain/policy/timeouts.ts";
import { attemptToken } from "./attempt-token.ts";
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
  nodeBefore(queue: string, mostUrgent: number | null): { readonly node: string; readonly priority: number } | null;
  /** A slot of a worker here is for that node. */
  lend(queue: string, node: string, takerId: string): void;
  /** What could be paired has been: what waits still, and which lent slots are left over. */
  paired(queue: string, left: QueueRest): void;
  /** Something waits in this queue, and nobody here takes from it. */
  wanted(queue: string): void;
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

export interface QueueView {
  readonly name: string;
  /** In memory. */
  readonly waiting: number;
  readonly freeSlots: number;
}

export function viewOf({ name, queue }: { readonly name: string; readonly queue: Queue }): QueueView {
  return { name, waiting: queue.waiting, freeSlots: queue.freeSlots };
}

/** What waits in the store only counts as so much. */
const TAIL_COUNTS = 1000;

export function restOf({
  queue,
  takers,
  refilling,
}: {
  readonly queue: Queue;
  readonly takers: ReadonlyMap<string, Taker>;
  readonly refilling: boolean;
}): QueueRest {
  const { hasTail, mostUrgent } = queue;
  const waiting = queue.waiting + (hasTail ? TAIL_COUNTS : 0);
  const isNeedless = waiting === 0 && !refilling;
  const unused = isNeedless ? [...takers.values()].filter(({ id, remote }) => remote && queue.freeOf(id) > 0) : [];
  return { waiting, mostUrgent, unused };
}

/** The next attempt of an instance, with this taker. @param secret makes its token unguessable. */
export function attemptWith(
  { workerId, heartbeats }: Taker,
  { id, life, spec }: InstanceRecord,
  secret: string,
): { readonly token: string; readonly workerId: string; readonly heartbeatMs: number | null } {
  const usualMs = heartbeatOf(spec.action) ?? (heartbeats ? DEFAULT_STREAM_HEARTBEAT_MS : null);
  const { heartbeatMs = usualMs } = spec.timeouts;
  return { token: attemptToken(id, life.attemptCount + 1, secret), workerId, heartbeatMs };
}
