/** What the tests of the runtime have in common: a node with its world, and what must be true of the store at any time. */
import { expect, onTestFinished } from "vitest";
import { queueOf as queueNameOf } from "../../../src/domain/action.ts";
import type { DefinitionSpec } from "../../../src/domain/definition/definition.ts";
import type { OccurrenceRecord } from "../../../src/domain/definition/occurrence.ts";
import type { StatusEvent } from "../../../src/domain/event/status-event.ts";
import { isFinal } from "../../../src/domain/instance/instance.ts";
import type { InstanceRecord } from "../../../src/domain/instance/instance.ts";
import type { RetryPolicy } from "../../../src/domain/policy/retry.ts";
import type { Timeouts } from "../../../src/domain/policy/timeouts.ts";
import { StoreUnavailable } from "../../../src/ports/store/journal.ts";
import type { JournalBatch } from "../../../src/ports/store/journal.ts";
import type { Schedule } from "../../../src/domain/schedule/schedule.ts";
import type {
  Assignment,
  RuntimeOptions,
  StartedRuntime,
  TriggerOverrides,
  WorkerSession,
} from "../../../src/runtime/index.ts";
import { SHARDS, aWorkerSpec, aWorld } from "../../support/node.ts";
import type { World } from "../../support/node.ts";
import { aSchedule } from "../../support/records.ts";

export interface Given extends World {
  readonly node: StartedRuntime;
}

/** A world with one node, "a". It ends with the test. */
export async function given(options: Partial<RuntimeOptions> = {}): Promise<Given> {
  const { world, end } = await aNode(options);
  onTestFinished(end);
  return world;
}

/** The same for a test that makes many of them. `end` throws when any node wrote a batch that breaks the rules of the store. */
export async function aNode(
  options: Partial<RuntimeOptions> = {},
): Promise<{ readonly world: Given; readonly end: () => Promise<void> }> {
  const world = await aWorld();
  const { journal } = world.store;
  const { commit } = journal;
  const broken: unknown[] = [];
  Object.assign(journal, {
    commit: (batch: JournalBatch) =>
      commit(batch).catch((error: unknown) => {
        if (!(error instanceof StoreUnavailable)) broken.push(error);
        throw error;
      }),
  });
  const end = async (): Promise<void> => {
    await world.stop();
    expect(broken).toEqual([]);
  };
  return { world: { ...world, node: await world.start("a", options) }, end };
}

export const BOOM = { code: "BOOM", message: "no luck", traceback: "" };

export const NO_TIMEOUTS: Timeouts = {
  scheduleToStartMs: null,
  startToCloseMs: null,
  scheduleToCloseMs: null,
  heartbeatMs: null,
  cancelGraceMs: 30_000,
};

export function aRetry(policy: Partial<RetryPolicy> = {}): RetryPolicy {
  return {
    initialDelayMs: 1000,
    factor: 1,
    maxDelayMs: 1000,
    jitterMs: 0,
    maxRetries: 3,
    nonRetryableCodes: [],
    ...policy,
  };
}

/** Due every so many milliseconds from now on. */
export function every(intervalMs: number, schedule: Partial<Schedule> = {}): Schedule {
  return aSchedule({ timing: { kind: "every", intervalMs, fixedDelay: false }, anchorAt: Number.NaN, ...schedule });
}

/** Never due in the time a test takes. */
export const RARELY = every(365 * 86_400_000);

export async function aDefinition(node: StartedRuntime, spec: Partial<DefinitionSpec> = {}): Promise<string> {
  const { definition } = await node.definitions.create({
    spec: aWorkerSpec({ schedule: RARELY, timeouts: NO_TIMEOUTS, retry: aRetry(), ...spec }),
    startPaused: false,
  });
  return definition.id;
}

export async function trigger(
  node: StartedRuntime,
  id: string,
  overrides: TriggerOverrides = {},
  requestId?: string,
): Promise<InstanceRecord> {
  const { instance } = await node.definitions.trigger(id, {
    overrides,
    ignoreOverlap: false,
    ...(requestId === undefined ? {} : { requestId }),
  });
  return instance;
}

export async function ledger({ store }: World, definitionId: string): Promise<readonly OccurrenceRecord[]> {
  return (await store.queries.listOccurrences({ definitionId }, null, 1_000_000)).toReversed();
}

/** Oldest first. */
export async function instancesOf({ store }: World, definitionId: string): Promise<readonly InstanceRecord[]> {
  const all = await store.queries.listInstances({ definitionId }, null, 1_000_000);
  return all.toSorted((one, other) => (one.id < other.id ? -1 : 1));
}

export async function stateOf({ store }: World, id: string): Promise<string> {
  const record = await store.queries.getInstance(id);
  return record === null
    ? "absent"
    : record.life.waitingReason === null
      ? record.state
      : `${record.state} ${record.life.waitingReason}`;
}

/** All events of the log; fails when a shard's sequence has a gap. */
export async function gaplessEvents({ store }: World): Promise<readonly StatusEvent[]> {
  const all: StatusEvent[] = [];
  for (let shard = 0; shard < SHARDS; shard++) {
    const events = await store.queries.readEvents(shard, 0, 1_000_000);
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
    all.push(...events);
  }
  return all;
}

/** What must be true of the rows after every commit, whatever happened. */
export async function expectSound(world: World, definitionId: string): Promise<void> {
  const found = await world.store.queries.getDefinition(definitionId);
  const instances = await instancesOf(world, definitionId);
  const count = (state: string): number => instances.filter((instance) => instance.state === state).length;
  const unfinished = instances.filter(({ state }) => !isFinal(state));
  expect(found?.supervisor.supervision.counters).toMatchObject({
    active: unfinished.length,
    created: instances.length,
    completed: count("COMPLETED"),
    failed: count("FAILED"),
    cancelled: count("CANCELLED"),
    timedOut: count("TIMED_OUT"),
  });
  const queued = (await queueOf(world)).filter((entry) => entry.definitionId === definitionId);
  const offered = unfinished.filter(
    ({ life, spec }) => life.waitingReason === "NO_WORKER" && queueNameOf(spec.action) !== null,
  );
  expect(queued.map(({ instanceId }) => instanceId).toSorted()).toEqual(offered.map(({ id }) => id));
  await gaplessEvents(world);
}

async function queueOf({ store }: World) {
  const shards = Array.from({ length: SHARDS }, (_, shard) => shard);
  const lanes = await store.actors.queueLanes(shards);
  return (await Promise.all(lanes.map((lane) => store.actors.readLane(lane, shards, "", 1_000_000)))).flat();
}

/** A worker on a stream that completes what it gets at once, and remembers it. */
export async function aDiligentWorker(
  node: StartedRuntime,
  { queue = "agents", slots = 10 } = {},
): Promise<{ readonly done: Assignment[]; readonly session: WorkerSession }> {
  const done: Assignment[] = [];
  const session = await node.workers.open(
    { queue, workerId: "diligent", slots, running: [] },
    {
      assign: (assignments) => {
        done.push(...assignments);
        for (const { token } of assignments) {
          node.workers.complete(token, null).catch(() => {});
        }
      },
      signal: () => {},
      drain: () => {},
    },
  );
  return { done, session };
}

export function reasonOf(result: PromiseSettledResult<unknown>): string {
  return result.status === "fulfilled"
    ? "ok"
    : ((result.reason as { reason?: string }).reason ?? String(result.reason));
}
