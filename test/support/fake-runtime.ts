/**
 * A runtime that answers what a test tells it to and remembers what it was asked, over a store in memory that the test fills.
 */
import { BelfryError } from "../../src/domain/error.ts";
import type { StatusEvent } from "../../src/domain/event/status-event.ts";
import type { DefinitionRecord } from "../../src/domain/definition/definition.ts";
import type { OccurrenceRecord } from "../../src/domain/definition/occurrence.ts";
import type { SupervisorRecord } from "../../src/domain/definition/supervision.ts";
import { isFinal, type InstanceRecord } from "../../src/domain/instance/instance.ts";
import { stateOfPlatform, type PlatformRecord } from "../../src/domain/platform/platform.ts";
import { searchableGrams } from "../../src/domain/search.ts";
import type { DestinationRecord } from "../../src/domain/webhook/destination.ts";
import { newDestination, stateOfDestination } from "../../src/domain/webhook/destination.ts";
import type {
  ClusterView,
  Configs,
  DefinitionCommands,
  DestinationCommands,
  DestinationView,
  DispatchCommands,
  EventFeed,
  ExecutionCommands,
  InstanceCommands,
  LockCommands,
  NodeView,
  PlatformView,
  Runtime,
  RuntimeStatus,
  TaskCenters,
  WorkerCommands,
} from "../../src/runtime/index.ts";
import { MemoryActorStates } from "../../src/store/memory/actor-states.ts";
import { MemoryApprovals } from "../../src/store/memory/approvals.ts";
import { MemoryQueries } from "../../src/store/memory/queries.ts";
import { emptyTables, rowsOf } from "../../src/store/memory/tables.ts";
import { MANUAL_START_AT } from "./manual-clock.ts";
import { aSupervisor, anEvent } from "./records.ts";

export const FAKE_SHARDS = 4;

export interface Asked {
  readonly command: string;
  readonly args: readonly unknown[];
}

/** Answers by command; a command without one fails as something nobody expected. */
export interface Answers {
  readonly definitions?: Partial<DefinitionCommands>;
  readonly instances?: Partial<InstanceCommands>;
  readonly workers?: Partial<WorkerCommands>;
  readonly dispatches?: Partial<DispatchCommands>;
  /** Without an answer to `get` every destination is as one that nothing was ever sent to. */
  readonly destinations?: Partial<DestinationCommands>;
  /** Without an answer to `get` there is none. */
  readonly platforms?: Partial<TaskCenters["platforms"]>;
  readonly approvals?: Partial<TaskCenters["approvals"]>;
  readonly pushes?: Partial<TaskCenters["pushes"]>;
  readonly configs?: Partial<Configs>;
  readonly locks?: Partial<LockCommands>;
  readonly executions?: Partial<ExecutionCommands>;
  /** Default none. */
  readonly connectors?: TaskCenters["connectors"];
  /** Unlike the others these are not recorded. Without answers the cluster is this node, alone, with no actors in memory. */
  readonly cluster?: Partial<ClusterView>;
}

export function aNode(given: Partial<NodeView> = {}): NodeView {
  return {
    nodeId: "node1",
    state: "active",
    address: "127.0.0.1:8980",
    version: "0.1.0",
    startedAt: MANUAL_START_AT,
    shards: 0,
    placedShards: 0,
    residents: 0,
    uncommitted: 0,
    unpublished: 0,
    silentMs: 0,
    queues: [],
    ...given,
  };
}

async function unused(origin: string): Promise<DestinationView> {
  return { record: newDestination(origin, 0, MANUAL_START_AT), underWay: 0, waiting: 0 };
}

async function noPlatform(id: string): Promise<PlatformView> {
  throw new BelfryError("PLATFORM_NOT_FOUND", `There is no platform "${id}".`, { metadata: { platform_id: id } });
}

export class FakeRuntime implements Runtime {
  readonly asked: Asked[] = [];
  readonly definitions: DefinitionCommands;
  readonly instances: InstanceCommands;
  readonly workers: WorkerCommands;
  readonly dispatches: DispatchCommands;
  readonly destinations: DestinationCommands;
  readonly taskCenters: TaskCenters;
  readonly configs: Configs;
  readonly locks: LockCommands;
  readonly executions: ExecutionCommands;
  readonly cluster: ClusterView;
  readonly tables = emptyTables();
  readonly queries = new MemoryQueries(this.tables);
  readonly actorStates = new MemoryActorStates(this.tables);
  readonly approvals = new MemoryApprovals(this.tables);
  readonly #listeners = new Set<Parameters<EventFeed["subscribe"]>>();
  #status: RuntimeStatus = {
    nodeId: "node1",
    ownedShards: Array.from({ length: FAKE_SHARDS }, (_, shard) => shard),
    shardCount: FAKE_SHARDS,
    residents: 0,
    uncommitted: 0,
    draining: false,
    ready: true,
  };

  constructor(answers: Answers = {}) {
    this.definitions = this.#recorded<DefinitionCommands>(answers.definitions);
    this.instances = this.#recorded<InstanceCommands>(answers.instances);
    this.workers = this.#recorded<WorkerCommands>(answers.workers);
    this.dispatches = this.#recorded<DispatchCommands>(answers.dispatches);
    this.destinations = this.#recorded<DestinationCommands>({ get: unused, ...answers.destinations });
    this.taskCenters = {
      connectors: answers.connectors ?? new Map(),
      platforms: this.#recorded<TaskCenters["platforms"]>({ get: noPlatform, ...answers.platforms }),
      approvals: this.#recorded<TaskCenters["approvals"]>(answers.approvals),
      pushes: this.#recorded<TaskCenters["pushes"]>(answers.pushes),
      shownSettings: ({ settings }) => settings,
    };
    this.configs = this.#recorded<Configs>(answers.configs);
    this.locks = this.#recorded<LockCommands>(answers.locks);
    this.executions = this.#recorded<ExecutionCommands>(answers.executions);
    this.cluster = this.#asCluster(answers.cluster);
    for (let shard = 0; shard < FAKE_SHARDS; shard++) {
      this.tables.shards.push({
        shard,
        owner: "node1",
        epoch: 1,
        expiresAt: 0,
        commit: 0,
        lastSequence: 0,
        events: [],
      });
    }
  }

  readonly events: EventFeed = {
    subscribe: (...listeners) => {
      this.#listeners.add(listeners);
      return { unsubscribe: () => void this.#listeners.delete(listeners) };
    },
  };

  get listenerCount(): number {
    return this.#listeners.size;
  }

  status(): RuntimeStatus {
    return this.#status;
  }

  setStatus(change: Partial<RuntimeStatus>): void {
    this.#status = { ...this.#status, ...change };
  }

  repeatable<Result>(_: unknown, carryOut: () => Promise<Result>): Promise<Result> {
    return carryOut();
  }

  async ready(): Promise<void> {}
  quiesce(): void {}
  async drain(): Promise<void> {}

  put(...records: readonly (DefinitionRecord | InstanceRecord)[]): void {
    for (const record of records) {
      if ("life" in record) {
        this.tables.active.delete(record.id);
        (isFinal(record.state) ? this.tables.finished : this.tables.active).set(record.id, record);
      } else {
        this.tables.definitions.set(record.id, record);
        this.tables.grams.set(record.id, new Set(searchableGrams(record.spec)));
        if (!this.tables.supervisors.has(record.id)) this.putSupervisor(aSupervisor(record));
      }
    }
  }

  putSupervisor(supervisor: SupervisorRecord): void {
    this.tables.supervisors.set(supervisor.definitionId, supervisor);
  }

  /** Writes the record of a destination, as its actor would. */
  putDestination(record: DestinationRecord): void {
    const { origin: id, shard, updatedAt } = record;
    const state = stateOfDestination(record);
    rowsOf(this.tables.actorStates, "destination").set(id, { kind: "destination", id, shard, state, updatedAt });
  }

  /** Writes the record of a platform, as its actor would. */
  putPlatform(record: PlatformRecord): void {
    const { id, shard, updatedAt } = record;
    const state = stateOfPlatform(record);
    rowsOf(this.tables.actorStates, "platform").set(id, { kind: "platform", id, shard, state, updatedAt });
  }

  putOccurrences(...occurrences: readonly OccurrenceRecord[]): void {
    for (const occurrence of occurrences) {
      rowsOf(this.tables.occurrences, occurrence.definitionId).set(occurrence.scheduledAt, occurrence);
    }
  }

  /** Appends to the log; `told` false: as another node would, without a word to this one's listeners. */
  commit(events: readonly Partial<StatusEvent>[], told = true): StatusEvent[] {
    const committed = events.map((given) => {
      const row = this.tables.shards[given.shard ?? 0];
      if (row === undefined) throw new Error(`There is no shard ${given.shard}`);
      row.lastSequence += 1;
      const event = anEvent({ ...given, sequence: row.lastSequence });
      row.events.push(event);
      return event;
    });
    if (told) for (const [listener] of this.#listeners) listener(committed);
    return committed;
  }

  /** Another node says that it has committed in these shards. */
  moved(...shards: readonly number[]): void {
    for (const [, listener] of this.#listeners) listener?.(shards);
  }

  #asCluster(answers: Partial<ClusterView> = {}): ClusterView {
    return {
      nodes: () => [this.#asNode()],
      shards: async () =>
        this.tables.shards.map(({ shard, owner, epoch }) => ({
          shard,
          owner,
          placedOn: this.#status.nodeId,
          epoch,
          remainingMs: owner === null ? 0 : 3000,
        })),
      drain: async (_, draining) => this.setStatus({ draining }),
      actors: async () => [],
      find: async () => ({ actors: [], silent: [] }),
      ...answers,
    };
  }

  #asNode(): NodeView {
    const { nodeId, ownedShards, residents, uncommitted, draining } = this.#status;
    return aNode({
      nodeId,
      state: draining ? "draining" : "active",
      shards: ownedShards.length,
      placedShards: draining ? 0 : FAKE_SHARDS,
      residents,
      uncommitted,
    });
  }

  #recorded<C extends object>(answers: Partial<C> = {}): C {
    const get = (_: object, command: string | symbol): unknown => {
      return (...args: readonly unknown[]): unknown => {
        this.asked.push({ command: String(command), args });
        const answer: unknown = Reflect.get(answers, command);
        if (typeof answer !== "function") throw new Error(`No answer was given for ${String(command)}`);
        return Reflect.apply(answer, answers, args);
      };
    };
    return new Proxy({}, { get }) as C;
  }
}
