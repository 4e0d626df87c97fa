/**
 * What the runtime offers to its callers (server, command line, tests). Every command resolves after its decision is durable, and throws
 * BelfryError when it is refused. A repeated `requestId` gives the first answer again.
 */
import type { Action, WebhookAction } from "../domain/action.ts";
import type { DefinitionSpec, DefinitionRecord } from "../domain/definition/definition.ts";
import type { Supervision } from "../domain/definition/supervision.ts";
import type { BelfryError } from "../domain/error.ts";
import type { StatusEvent } from "../domain/event/status-event.ts";
import type { ExecutionError, InstanceRecord, InstanceState, Progress } from "../domain/instance/instance.ts";
import type { JsonObject } from "../domain/json.ts";
import type { ConcurrencyKey, UniqueKey } from "../domain/policy/keys.ts";
import type { Priority } from "../domain/policy/priority.ts";
import type { RetryPolicy } from "../domain/policy/retry.ts";
import type { Timeouts } from "../domain/policy/timeouts.ts";
import type { DestinationRecord, DestinationSettings } from "../domain/webhook/destination.ts";
import type { Configs } from "./config/api.ts";
import type { LockCommands } from "./locks/api.ts";
import type { ExecutionCommands } from "./executions/api.ts";
import type { PushStatesTold, TaskCenters } from "./platforms/api.ts";

/** A definition and how its supervisor stands. */
export interface DefinitionView {
  readonly definition: DefinitionRecord;
  readonly supervision: Supervision;
}

export interface CreateDefinition {
  /** The caller's id; a new UUIDv7 when left out. */
  readonly id?: string;
  /** The routing hash of a new id. Left out: that of the `requestId`, else any. */
  readonly routing?: number;
  /** `schedule.anchorAt` NaN stands for the time of creation. */
  readonly spec: DefinitionSpec;
  readonly startPaused: boolean;
  readonly requestId?: string;
}

/** What one instance gets that differs from its definition; what is left out is the definition's. */
export interface TriggerOverrides {
  readonly name?: string;
  readonly userId?: string;
  readonly action?: Action;
  readonly retry?: RetryPolicy;
  readonly timeouts?: Timeouts;
  readonly supersedeKey?: string;
  readonly payload?: JsonObject;
  readonly content?: string;
  readonly priority?: Priority;
  readonly labels?: Readonly<Record<string, string>>;
  readonly businessId?: string;
  readonly uniqueKey?: UniqueKey;
  readonly orderingKey?: string;
  readonly concurrency?: ConcurrencyKey;
}

export interface TriggerItem {
  readonly overrides: TriggerOverrides;
  readonly requestId?: string;
}

export interface Triggered {
  readonly instance: InstanceRecord;
  /** It existed before (unique key with USE_EXISTING). */
  readonly existing: boolean;
}

export interface Backfill {
  readonly from: number;
  readonly to: number;
  readonly validateOnly: boolean;
  readonly requestId?: string;
}

export interface BackfillResult {
  readonly fired: number;
  readonly known: number;
  readonly nextFrom: number | null;
}

export interface DefinitionCommands {
  create(command: CreateDefinition): Promise<DefinitionView & { readonly instance: InstanceRecord | null }>;
  /**
   * `change` gets the current spec and its revision, and gives the new one; it may throw BelfryError. `etag` undefined: whatever it is now.
   * `asked` is the change as text, by which another one under the same `requestId` is told apart. `reason` stands in the event of it.
   */
  update(
    id: string,
    command: {
      readonly etag?: string;
      readonly change: (spec: DefinitionSpec, revision: number) => DefinitionSpec;
      readonly asked?: string;
      readonly reason?: string;
      readonly requestId?: string;
    },
  ): Promise<DefinitionView>;
  delete(id: string, command: { readonly etag?: string; readonly requestId?: string }): Promise<void>;
  pause(id: string, command: { readonly reason: string; readonly requestId?: string }): Promise<DefinitionView>;
  resume(id: string, command: { readonly requestId?: string }): Promise<DefinitionView>;
  cancel(
    id: string,
    command: {
      readonly reason: string;
      readonly cancelRunning: boolean;
      readonly terminate: boolean;
      readonly requestId?: string;
    },
  ): Promise<DefinitionView>;
  trigger(id: string, command: TriggerItem & { readonly ignoreOverlap: boolean }): Promise<Triggered>;
  /** Each on its own: errors stand in the place of what they refused. All or none: throws the first. */
  batchTrigger(
    id: string,
    command: { readonly items: readonly TriggerItem[]; readonly atomic: boolean },
  ): Promise<readonly (Triggered | BelfryError)[]>;
  backfill(id: string, command: Backfill): Promise<BackfillResult>;
}

export interface InstanceCommands {
  cancel(
    id: string,
    command: { readonly reason: string; readonly terminate: boolean; readonly requestId?: string },
  ): Promise<InstanceRecord>;
  retry(id: string, command: { readonly requestId?: string }): Promise<InstanceRecord>;
  pause(id: string, command: { readonly reason: string; readonly requestId?: string }): Promise<InstanceRecord>;
  resume(id: string, command: { readonly requestId?: string }): Promise<InstanceRecord>;
}

/** An instance given to a worker. */
export interface Assignment {
  readonly instance: InstanceRecord;
  readonly token: string;
  readonly number: number;
  readonly deadlineAt: number | null;
}

/** What a running attempt is asked to do. */
export interface WorkerSignal {
  readonly token: string;
  readonly cancelRequested: boolean;
  readonly pauseRequested: boolean;
  readonly stale: boolean;
}

/** Where the runtime sends what a worker on a stream gets. Called after commit, in order, never re-entrantly. */
export interface WorkerOutlet {
  assign(assignments: readonly Assignment[]): void;
  signal(signals: readonly WorkerSignal[]): void;
  /** An attempt of the worker is over, whoever ended it. Told before its slot is given to another one. */
  released?(token: string): void;
  /** The node drains: finish and connect again. */
  drain(): void;
}

export interface WorkerSession {
  readonly id: string;
  /** Tokens of the hello that are stale. */
  readonly stale: readonly string[];
  setSlots(slots: number): void;
  /** The stream is gone; what becomes of its attempts is up to their disconnect policy. */
  close(): void;
}

/** A dispatch: an instance of its destination's own definition. */
export interface CreateDispatch extends TriggerItem {
  readonly overrides: TriggerOverrides & { readonly action: WebhookAction };
  /** Refuse it while the destination takes none, instead of letting it wait. */
  readonly failFast: boolean;
}

export interface DestinationView {
  readonly record: DestinationRecord;
  /** Deliveries under way, on the node that serves it; 0 when it is not in memory. */
  readonly underWay: number;
  /** What waits for it in the memory of that node. */
  readonly waiting: number;
}

/** The settings of a destination that a caller may change; what is left out stays. */
export interface UpdateDestination {
  readonly etag?: string;
  readonly change: Partial<DestinationSettings>;
  readonly requestId?: string;
}

export interface DispatchCommands {
  /** @throws BelfryError BREAKER_OPEN (`failFast`), DESTINATION_DISABLED, those of `DefinitionCommands.trigger` */
  create(origin: string, command: CreateDispatch): Promise<Triggered>;
}

/** Destinations by origin (`https://hooks.example.com`). One that nothing was ever sent to has its defaults. */
export interface DestinationCommands {
  get(origin: string): Promise<DestinationView>;
  update(origin: string, command: UpdateDestination): Promise<DestinationView>;
  /** Closes the breaker, enables it, forgets its failures: what waits is delivered. */
  reset(origin: string, command: { readonly requestId?: string }): Promise<DestinationView>;
  /** Shuts the breaker by hand, until it is reset. */
  isolate(origin: string, command: { readonly reason: string; readonly requestId?: string }): Promise<DestinationView>;
  /**
   * Signs with a new secret from now on, and with those before for `overlapMs` more.
   * @param sealed the new secret, by the secret box.
   */
  rotateSecret(
    origin: string,
    command: { readonly sealed: string; readonly overlapMs: number; readonly requestId?: string },
  ): Promise<DestinationView>;
}

export interface Heartbeat {
  readonly progress?: Omit<Progress, "at">;
  readonly metadata?: JsonObject;
}

/** What is kept of an attempt beside its result; only of attempts that a node makes itself. */
export interface Kept {
  /** What was sent and answered. */
  readonly exchange?: JsonObject;
  /** Merged, as that of heartbeats. */
  readonly metadata?: JsonObject;
  /** What a platform was told, or failed to be told. */
  readonly pushStates?: PushStatesTold;
}

export interface Failure extends Kept {
  readonly error: ExecutionError;
  readonly retryable: boolean;
  readonly retryDelayMs?: number;
}

export interface WorkerCommands {
  /** Joins a queue with `slots` free slots. `running`: tokens of attempts that the worker still has from before. */
  open(
    worker: {
      readonly queue: string;
      readonly workerId: string;
      readonly slots: number;
      readonly running: readonly string[];
    },
    outlet: WorkerOutlet,
  ): Promise<WorkerSession>;
  /** Takes one instance, waiting up to `waitMs`; null when there was none. An aborted wait takes none. */
  poll(
    worker: { readonly queue: string; readonly workerId: string; readonly waitMs: number },
    signal?: AbortSignal,
  ): Promise<Assignment | null>;
  heartbeat(
    token: string,
    heartbeat: Heartbeat,
  ): Promise<{ readonly cancelRequested: boolean; readonly pauseRequested: boolean }>;
  complete(token: string, result: JsonObject | null, kept?: Kept): Promise<InstanceState>;
  fail(token: string, failure: Failure): Promise<InstanceState>;
}

/** What a node says of attempts that it makes itself, beside what workers say of theirs. */
export interface ExecutorCommands extends Pick<WorkerCommands, "open" | "heartbeat" | "complete" | "fail"> {
  /** It was delivered to somebody who reports the result with the same token, within `withinMs`. Its slot is free. */
  awaitResult(
    token: string,
    delivered: { readonly withinMs: number; readonly exchange: JsonObject },
  ): Promise<InstanceState>;
  /** It was not carried out and cannot be now: it does not count, and waits in its queue again. */
  giveBack(token: string): Promise<void>;
}

/** Committed events, as they happen. */
export interface EventFeed {
  /**
   * @param listener gets the events of one commit of this node's shards, in order per shard.
   * @param moved is told of the shards of other nodes whose logs have grown.
   */
  subscribe(
    listener: (events: readonly StatusEvent[]) => void,
    moved?: (shards: readonly number[]) => void,
  ): { unsubscribe(): void };
}

/** A node of the cluster, as this one hears of it. */
export interface NodeView {
  readonly nodeId: string;
  /** `active`: has shards, or will. `draining`: gives them away, and answers. */
  readonly state: "active" | "draining" | "leaving";
  /** Its API, `host:port`; may be empty. */
  readonly address: string;
  readonly version: string;
  readonly startedAt: number;
  /** Shards it owns. */
  readonly shards: number;
  /** Shards that are meant for it. */
  readonly placedShards: number;
  readonly residents: number;
  readonly uncommitted: number;
  /** Committed events that are not published yet. */
  readonly unpublished: number;
  /** Milliseconds since it was heard; 0 for the node that answers. */
  readonly silentMs: number;
  readonly queues: readonly string[];
}

export interface ShardView {
  readonly shard: number;
  /** Null: nobody has it. */
  readonly owner: string | null;
  /** Whom it is meant for; null: no node is there. */
  readonly placedOn: string | null;
  readonly epoch: number;
  /** Of the lease; not positive: over. */
  readonly remainingMs: number;
}

/** An actor in the memory of a node. */
export interface ActorView {
  readonly kind: "supervisor" | "instance" | "destination" | "platform" | "lock" | "queue";
  /** Of its definition, instance or platform; the origin of a destination; the name of a queue or lock. */
  readonly id: string;
  readonly nodeId: string;
  /** Null: a queue has none. */
  readonly shard: number | null;
  /** The state of the definition or instance; empty for a queue. */
  readonly state: string;
  /** Milliseconds since its last message. */
  readonly idleMs: number;
  /** When it has something to do by itself; null: never. */
  readonly wakeAt: number | null;
  /** What waits in a queue in memory, or for a lock; of a supervisor, its instances in memory. */
  readonly waiting: number;
  /** Free slots of workers, of a queue. */
  readonly freeSlots: number;
}

/** The cluster as this node sees it. */
export interface ClusterView {
  nodes(): readonly NodeView[];
  shards(): Promise<readonly ShardView[]>;
  /**
   * Has a node give its shards away, or (`draining` false) take its share again. It goes on answering.
   * @throws BelfryError NODE_NOT_FOUND, OUTCOME_UNKNOWN
   */
  drain(nodeId: string, draining: boolean): Promise<void>;
  /** Actors in memory of all nodes that answer, at most `limit` of each. */
  actors(limit: number): Promise<readonly ActorView[]>;
  /** The actors with this id in the memory of any node, and the nodes that did not answer. */
  find(id: string): Promise<{ readonly actors: readonly ActorView[]; readonly silent: readonly string[] }>;
}

export interface RuntimeStatus {
  readonly nodeId: string;
  readonly ownedShards: readonly number[];
  readonly shardCount: number;
  readonly residents: number;
  readonly uncommitted: number;
  readonly draining: boolean;
  /** Whether commands are decided now, here or by another node: shards have owners, the store answers, not draining. */
  readonly ready: boolean;
}

export interface Runtime {
  readonly definitions: DefinitionCommands;
  readonly instances: InstanceCommands;
  readonly dispatches: DispatchCommands;
  readonly destinations: DestinationCommands;
  readonly executions: ExecutionCommands;
  readonly taskCenters: TaskCenters;
  readonly configs: Configs;
  readonly locks: LockCommands;
  readonly workers: WorkerCommands;
  readonly events: EventFeed;
  readonly cluster: ClusterView;
  /**
   * Carries out a command that is made of many others: once, when it has a request id. A repetition within 24 h gets the first answer; one that
   * comes because the first broke off carries out the rest, when the single commands are repeatable too.
   */
  repeatable<Result extends JsonObject>(
    command: { readonly method: string; readonly requestId?: string; readonly asked: unknown },
    carryOut: () => Promise<Result>,
  ): Promise<Result>;
  status(): RuntimeStatus;
  /** Resolves when this node is ready to decide. */
  ready(): Promise<void>;
  /** The beginning of a drain: no new attempts for workers of this node, who are told to connect elsewhere. Results are still taken. */
  quiesce(): void;
  /** No new attempts, no more commands, decisions in flight committed, shards handed over or released. */
  drain(): Promise<void>;
}

/** A node as whoever started it has it. */
export interface StartedRuntime extends Runtime {
  readonly workers: WorkerCommands & ExecutorCommands;
  /** Stops at once, as a crash would: nothing is committed, nothing is released. For tests and for the last resort. */
  crash(): Promise<void>;
}
