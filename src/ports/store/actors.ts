import type { DefinitionRecord } from "../../domain/definition/definition.ts";
import type { SupervisorRecord } from "../../domain/definition/supervision.ts";
import type { InstanceRecord } from "../../domain/instance/instance.ts";
import type { QueueEntry, RequestRecord } from "./journal.ts";

/** A definition with its supervisor's state. */
export interface DefinitionWithSupervision {
  readonly definition: DefinitionRecord;
  readonly supervisor: SupervisorRecord;
}

export interface Wakeup {
  readonly kind: "supervisor" | "instance";
  readonly id: string;
  readonly shard: number;
  readonly wakeAt: number;
}

/** How many entries a lane of a queue has. A lane is what has the same queue, priority and definition. */
export interface QueueLane {
  readonly queue: string;
  readonly priority: number;
  readonly definitionId: string;
  readonly count: number;
}

/** What the runtime reads to bring actors to life. Ids that do not exist are left out of answers. */
export interface ActorStore {
  loadDefinitions(ids: readonly string[]): Promise<readonly DefinitionWithSupervision[]>;
  /** Active and finished ones. */
  loadInstances(ids: readonly string[]): Promise<readonly InstanceRecord[]>;
  /** Unfinished instances of a definition that hold a key, or all of them; ordered by id. */
  loadActiveOf(definitionId: string, which: "keyed" | "all"): Promise<readonly InstanceRecord[]>;
  /**
   * Deadlines in (`after`, `until`] of these shards, earliest first, at most `limit`. `after` null: from the beginning.
   */
  dueWakeups(shards: readonly number[], after: number | null, until: number, limit: number): Promise<readonly Wakeup[]>;
  /** The lanes of these shards. */
  queueLanes(shards: readonly number[]): Promise<readonly QueueLane[]>;
  /** Entries of a lane in these shards with an instance id greater than `after`, by id. */
  readLane(
    lane: Omit<QueueLane, "count">,
    shards: readonly number[],
    after: string,
    limit: number,
  ): Promise<readonly QueueEntry[]>;
  findRequests(keys: readonly string[]): Promise<readonly RequestRecord[]>;
  /** Removes request records older than this. @returns how many. */
  forgetRequests(createdBefore: number, limit: number): Promise<number>;
}
