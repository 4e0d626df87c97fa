/** Nodes that push facts of sessions to platforms which believe what they are told, and do what a test says. */
import { expect, onTestFinished } from "vitest";
import { createInProcessNetwork } from "../../../../src/bus/in-process/network.ts";
import { pushDefinitionId } from "../../../../src/domain/approval/platform-push.ts";
import type { PushAction } from "../../../../src/domain/approval/push-action.ts";
import type { PushStateRecord, SessionRecord, WorkItemRecord } from "../../../../src/domain/approval/records.ts";
import type { InstanceRecord } from "../../../../src/domain/instance/instance.ts";
import type { PushPolicy } from "../../../../src/domain/platform/platform.ts";
import { DEFAULT_PUSH_POLICY } from "../../../../src/domain/platform/platform.ts";
import { StoreUnavailable } from "../../../../src/ports/store/journal.ts";
import type { JournalBatch } from "../../../../src/ports/store/journal.ts";
import { shardOf } from "../../../../src/domain/routing.ts";
import type { ReportEvent, Reported } from "../../../../src/runtime/platforms/api.ts";
import type { RuntimeOptions, StartedRuntime } from "../../../../src/runtime/index.ts";
import { aBelievingPlatforms } from "./platforms.ts";
import type { BelievingPlatforms } from "./platforms.ts";
import { SMALL } from "./small-connector.ts";
import { FakeSecretBox } from "../../../support/fake-secret-box.ts";
import { MANUAL_START_AT } from "../../../support/manual-clock.ts";
import { SHARDS, aWorld } from "../../../support/node.ts";
import type { World } from "../../../support/node.ts";
import { makeCluster } from "../cluster/given.ts";
import type { GivenCluster } from "../cluster/given.ts";
import { aRetry, expectSound } from "../given.ts";

export const START = MANUAL_START_AT;

export interface Pushing extends World {
  readonly node: StartedRuntime;
  readonly platforms: BelievingPlatforms;
  /** Starts another node on the same store, network and platforms. */
  join(nodeId: string, options?: Partial<RuntimeOptions>): Promise<StartedRuntime>;
}

export interface PushingCluster extends GivenCluster {
  readonly platforms: BelievingPlatforms;
}

function partsWith(platforms: BelievingPlatforms) {
  const box = new FakeSecretBox();
  return {
    webhooks: { client: platforms.client, box, publicUrl: () => "https://belfry.test", version: "1" },
    connectors: new Map([[SMALL.name, SMALL]]),
  };
}

/** A world with one node, "a". It ends with the test, and fails it when a node wrote what the store must refuse. */
export async function pushing(options: Partial<RuntimeOptions> = {}): Promise<Pushing> {
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
  onTestFinished(async () => {
    await world.stop();
    expect(broken).toEqual([]);
  });
  const platforms = aBelievingPlatforms();
  const parts = partsWith(platforms);
  const network = createInProcessNetwork();
  const join = (nodeId: string, more: Partial<RuntimeOptions> = {}): Promise<StartedRuntime> =>
    world.start(nodeId, { ...options, ...more }, network, parts);
  return { ...world, platforms, join, node: await join("a") };
}

/** So many nodes, each with its share of the shards. It ends with the test, and fails it when one wrote what the store must refuse. */
export async function pushingCluster(count: number, options: Partial<RuntimeOptions> = {}): Promise<PushingCluster> {
  const platforms = aBelievingPlatforms();
  const { cluster, end } = await makeCluster(count, options, partsWith(platforms));
  onTestFinished(end);
  await cluster.clock.advance(5000);
  return { ...cluster, platforms };
}

/** An enabled one that is told of all events. @returns its id. */
export async function aPlatform(
  node: StartedRuntime,
  host = "https://one.example.com",
  { actions = [], ...policy }: Partial<PushPolicy> & { readonly actions?: readonly PushAction[] } = {},
): Promise<string> {
  const { platforms } = node.taskCenters;
  const { record } = await platforms.create({
    changedBy: "test",
    platform: {
      name: host,
      connector: SMALL.name,
      settings: { host },
      standsFor: null,
      policy: { ...DEFAULT_PUSH_POLICY, retry: aRetry({ maxRetries: 1 }), ...policy },
    },
  });
  await platforms.enable(record.id, { changedBy: "test" });
  await platforms.createTrigger(record.id, {
    changedBy: "test",
    trigger: { actions, appIds: [], condition: { nodeIds: [], creators: [], assignees: [] } },
  });
  return record.id;
}

export type Told = Partial<ReportEvent> & { readonly requestId?: string };

export async function report(node: StartedRuntime, sessionId: string, told: Told = {}): Promise<Reported> {
  const { requestId, action = "receive", ...event } = told;
  return node.taskCenters.approvals.report(sessionId, {
    event: { happenedAt: START, name: action ?? "", action, ...event },
    ...(requestId === undefined ? {} : { requestId }),
  });
}

/** Facts of an item that somebody has to act on. */
export function received(id: string, at = 0): Told {
  return { action: "receive", happenedAt: START + at, workItem: { id, createdAt: START + at } };
}

/** It was done, and the session goes on. */
export function examined(id: string, at: number): Told {
  return { action: "after_examine", happenedAt: START + at, workItem: { id } };
}

/** Facts that no push follows from. */
export function facts(id: string | null, at = 0): Told {
  return {
    action: null,
    happenedAt: START + at,
    ...(id === null ? { session: {} } : { workItem: { id, state: "OPEN", createdAt: START + at } }),
  };
}

export interface Rows {
  readonly session: SessionRecord | undefined;
  readonly items: readonly WorkItemRecord[];
}

export async function rowsOf({ store }: Pick<World, "store">, sessionId: string): Promise<Rows> {
  const [session] = await store.approvals.loadSessions([sessionId]);
  return { session, items: await store.approvals.loadWorkItems({ sessionIds: [sessionId] }) };
}

/** What events made of a session, without how often and when it was written. */
export async function factsOf(world: Pick<World, "store">, sessionId: string): Promise<unknown> {
  const { session, items } = await rowsOf(world, sessionId);
  const plain = ({ revision: _, updatedAt: __, ...rest }: SessionRecord | WorkItemRecord) => rest;
  return { session: session === undefined ? null : plain(session), items: items.map(plain) };
}

/** Pushes of a session, or of all, oldest first. */
export async function pushesOf(
  { store }: Pick<World, "store">,
  labels: Readonly<Record<string, string>> = {},
): Promise<readonly InstanceRecord[]> {
  const all = await store.queries.listInstances({ labels }, null, 1_000_000);
  return all
    .filter(({ spec }) => spec.action.kind === "push")
    .toSorted((one, other) => one.createdAt - other.createdAt || (one.id < other.id ? -1 : 1));
}

/** What is known of what a platform was told of a session, by third id. */
export async function toldOf(
  { store }: Pick<World, "store">,
  platformId: string,
  sessionId: string,
): Promise<ReadonlyMap<string, PushStateRecord>> {
  const states = await store.approvals.loadPushStatesOfSessions(platformId, [sessionId]);
  return new Map(states.map((state) => [state.thirdId, state]));
}

/** Ids of sessions whose shard this node has. */
export function sessionsOn(node: StartedRuntime, count: number): readonly string[] {
  const ids: string[] = [];
  for (let number = 0; ids.length < count; number++) {
    const id = `s${number}`;
    if (node.status().ownedShards.includes(shardOf(id, SHARDS))) ids.push(id);
  }
  return ids;
}

/** The pushes of all shards are what their definitions say they are. */
export async function expectPushesSound(world: World): Promise<void> {
  for (let shard = 0; shard < SHARDS; shard++) {
    const id = pushDefinitionId(shard);
    if ((await world.store.queries.getDefinition(id)) !== null) await expectSound(world, id);
  }
}
