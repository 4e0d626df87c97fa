/** Nodes that push to a small task centre which does what a test says. */
import { onTestFinished } from "vitest";
import { createInProcessNetwork } from "../../../../src/bus/in-process/network.ts";
import type { PlatformPush } from "../../../../src/domain/approval/platform-push.ts";
import type { PushAction } from "../../../../src/domain/approval/push-action.ts";
import { pushMetadataOf, pushStateOf } from "../../../../src/domain/approval/push-log.ts";
import type { InstanceRecord } from "../../../../src/domain/instance/instance.ts";
import { DEFAULT_BREAKER_SETTINGS } from "../../../../src/domain/breaker.ts";
import type { PlatformRecord, PushPolicy } from "../../../../src/domain/platform/platform.ts";
import { DEFAULT_PUSH_POLICY } from "../../../../src/domain/platform/platform.ts";
import type { PlatformTrigger } from "../../../../src/domain/platform/trigger.ts";
import { shardOf } from "../../../../src/domain/routing.ts";
import type { SecretBox } from "../../../../src/ports/secret-box.ts";
import type { RuntimeDeps, RuntimeOptions, StartedRuntime } from "../../../../src/runtime/index.ts";
import type { GivenPlatform, Reported, ReportEvent } from "../../../../src/runtime/platforms/api.ts";
import { SHARDS, aWorld } from "../../../support/node.ts";
import type { World } from "../../../support/node.ts";
import { FakeSecretBox } from "../../../support/fake-secret-box.ts";
import type { GivenCluster } from "../cluster/given.ts";
import { makeCluster } from "../cluster/given.ts";
import { aRetry } from "../given.ts";
import { CONNECTORS, Pad, SECRET } from "./pad.ts";

/** Seals another way each time, as a real one does. */
class SaltingBox implements SecretBox {
  ready = true;
  readonly #box = new FakeSecretBox();
  #salt = 0;

  seal(secret: string): string {
    this.#salt++;
    return this.#box.seal(`${this.#salt}|${secret}`);
  }

  open(text: string): string {
    const opened = this.#box.open(text);
    return opened.slice(opened.indexOf("|") + 1);
  }
}

type Parts = Pick<RuntimeDeps, "webhooks" | "connectors">;

function partsOf(pad: Pad): Parts {
  return {
    webhooks: { client: pad, box: new SaltingBox(), publicUrl: () => "https://belfry.test", version: "1" },
    connectors: CONNECTORS,
  };
}

export interface Pushing extends World {
  readonly node: StartedRuntime;
  readonly pad: Pad;
  join(nodeId: string, options?: Partial<RuntimeOptions>): Promise<StartedRuntime>;
}

/** A world with one node, "a". It ends with the test. */
export async function pushing(options: Partial<RuntimeOptions> = {}): Promise<Pushing> {
  const world = await aWorld();
  onTestFinished(() => world.stop());
  const pad = new Pad(() => world.clock.now());
  const network = createInProcessNetwork();
  const parts = partsOf(pad);
  const join = (nodeId: string, more: Partial<RuntimeOptions> = {}): Promise<StartedRuntime> =>
    world.start(nodeId, more, network, parts);
  return { ...world, pad, join, node: await join("a", options) };
}

export interface PushingCluster extends GivenCluster {
  readonly pad: Pad;
}

/** So many nodes, "a", "b" and so on, each with its share of the shards, and one task centre. It ends with the test. */
export async function aPushingCluster(count: number, options: Partial<RuntimeOptions> = {}): Promise<PushingCluster> {
  let now = (): number => 0;
  const pad = new Pad(() => now());
  const { cluster, end } = await makeCluster(count, options, partsOf(pad));
  now = () => cluster.clock.now();
  onTestFinished(end);
  await cluster.clock.advance(5000);
  return { ...cluster, pad };
}

/** What of a policy is not as usual. */
interface PolicyChange extends Partial<Omit<PushPolicy, "breaker">> {
  readonly breaker?: Partial<PushPolicy["breaker"]>;
}

/** Tries again after a second, three times. */
export function aPolicy({ breaker = {}, ...change }: PolicyChange = {}): PushPolicy {
  return {
    ...DEFAULT_PUSH_POLICY,
    retry: aRetry(),
    ...change,
    breaker: { ...DEFAULT_BREAKER_SETTINGS, ...breaker },
  };
}

/** A breaker that nothing opens. */
export const NO_BREAKER = { consecutiveFailures: 0, failureRatio: 0 } as const;

export const BY_TEST = { changedBy: "somebody" } as const;

interface PlatformGiven {
  readonly name?: string;
  readonly connector?: string;
  readonly settings?: GivenPlatform["settings"];
  readonly standsFor?: string | null;
  readonly policy?: PolicyChange;
  readonly enabled?: boolean;
  /** Null: it hears of no event. */
  readonly trigger?: Partial<Pick<PlatformTrigger, "actions" | "appIds" | "condition">> | null;
  /** In a shard of this node. */
  readonly of?: StartedRuntime;
}

let madeIn = 0;

/** One that is enabled and hears of all events, unless it is given otherwise. @returns its id. */
export async function aPlatform(node: StartedRuntime, given: PlatformGiven = {}): Promise<string> {
  const {
    name = "pad",
    connector = "pad",
    settings = {},
    standsFor = null,
    policy = {},
    enabled = true,
    trigger = {},
    of,
  } = given;
  const { taskCenters } = node;
  for (;;) {
    const { record } = await taskCenters.platforms.create({
      ...BY_TEST,
      requestId: `platform ${++madeIn}`,
      platform: { name, connector, settings: { appSecret: SECRET, ...settings }, standsFor, policy: aPolicy(policy) },
    });
    if (of !== undefined && !of.status().ownedShards.includes(record.shard)) {
      continue;
    }
    if (trigger !== null) {
      await aTrigger(node, record.id, trigger);
    }
    if (enabled) {
      await taskCenters.platforms.enable(record.id, BY_TEST);
    }
    return record.id;
  }
}

export function aTrigger(
  node: StartedRuntime,
  platformId: string,
  trigger: Partial<Pick<PlatformTrigger, "actions" | "appIds" | "condition">> = {},
): Promise<PlatformTrigger> {
  const condition = { nodeIds: [], creators: [], assignees: [] };
  return node.taskCenters.platforms.createTrigger(platformId, {
    ...BY_TEST,
    trigger: { actions: [], appIds: [], condition, ...trigger },
  });
}

export async function platformOf(node: StartedRuntime, id: string): Promise<PlatformRecord> {
  return (await node.taskCenters.platforms.get(id)).record;
}

let happened = 0;

/** An event of item `t1` of a session, later than those before. `report` makes its id one of the session. */
export function anEvent(action: PushAction, more: Partial<ReportEvent> & { readonly item?: string } = {}): ReportEvent {
  const { item = "t1", ...rest } = more;
  happened += 1;
  const state = action === "receive" ? "OPEN" : "DONE";
  const isState = ["receive", "after_examine", "after_end"].includes(action);
  return {
    happenedAt: 1_000_000 + happened,
    name: `action.${action}.0`,
    action,
    session: {
      appId: "leave",
      appName: { zh: "请假" },
      creator: { number: "c1", name: "张三" },
      state: "RUNNING",
      createdAt: 1,
    },
    workItem: {
      id: item,
      nodeId: "n1",
      nodeName: { zh: "审批" },
      createdAt: 2,
      ...(isState ? { state } : {}),
      ...(action === "receive" ? { assignees: [{ number: "p1", name: "李四" }] } : {}),
    },
    ...rest,
  };
}

export function report(
  node: StartedRuntime,
  sessionId: string,
  event: ReportEvent = anEvent("receive"),
  requestId?: string,
): Promise<Reported> {
  const { workItem, ...rest } = event;
  const own = workItem === undefined ? rest : { ...rest, workItem: { ...workItem, id: `${sessionId}_${workItem.id}` } };
  return node.taskCenters.approvals.report(sessionId, {
    event: own,
    ...(requestId === undefined ? {} : { requestId }),
  });
}

/** Somebody asks for it. */
export async function pushByHand(
  node: StartedRuntime,
  sessionId: string,
  platformId: string,
  more: Partial<PlatformPush> & { readonly requestId?: string } = {},
): Promise<string> {
  const { requestId, ...push } = more;
  const { instance } = await node.taskCenters.pushes.push(sessionId, {
    push: {
      platformId,
      workItemId: `${sessionId}_t1`,
      action: "manual",
      transfer: null,
      note: "",
      origin: "MANUAL",
      force: true,
      ...push,
    },
    ...(requestId === undefined ? {} : { requestId }),
  });
  return instance.id;
}

/** Ids of sessions in shards of this node. */
export function sessionsOn(node: StartedRuntime, count: number): readonly string[] {
  const ids: string[] = [];
  for (let number = 0; ids.length < count; number++) {
    const id = `s${number}`;
    if (node.status().ownedShards.includes(shardOf(id, SHARDS))) ids.push(id);
  }
  return ids;
}

export async function pushOf({ store }: World, id: string): Promise<InstanceRecord> {
  const record = await store.queries.getInstance(id);
  if (record === null) throw new Error(`there is no push ${id}`);
  return record;
}

/** `SUCCEEDED`, `SKIPPED PLATFORM_DISABLED`, `FAILED PAD_422`. */
export async function resultOf(world: World, id: string): Promise<string> {
  const record = await pushOf(world, id);
  const said = pushMetadataOf(record.life.metadata)?.result.code ?? "";
  return [pushStateOf(record), ...(said === "" ? [] : [said])].join(" ");
}

/** All pushes to a platform, oldest first. */
export async function pushesTo({ store }: World, platformId: string): Promise<readonly InstanceRecord[]> {
  return (await store.queries.listInstances({ platformId }, null, 1_000_000)).toReversed();
}

/** All that the store has, as text. */
export async function allRows(world: World): Promise<string> {
  const { queries, actorStates, approvals } = world.store;
  const instances = await queries.listInstances({}, null, 1_000_000);
  const attempts = await Promise.all(instances.map(({ id }) => queries.listAttempts(id, null, 1000)));
  const states = await Promise.all(
    (["platform", "trigger", "platform_change", "destination"] as const).map((kind) =>
      actorStates.list(kind, { prefix: "" }, "", 100_000),
    ),
  );
  const events = await Promise.all(
    Array.from({ length: SHARDS }, (_, shard) => queries.readEvents(shard, 0, 1_000_000)),
  );
  const sessions = await approvals.listSessions({}, null, 100_000);
  const pushStates = await Promise.all(sessions.map(({ session }) => approvals.loadPushStates(session.id)));
  const definitionIds = new Set(instances.flatMap(({ spec }) => spec.definitionId ?? []));
  const definitions = await Promise.all([...definitionIds].map((id) => queries.getDefinition(id)));
  return JSON.stringify({
    instances,
    attempts,
    states,
    events,
    sessions,
    items: await approvals.listWorkItems({}, null, 100_000),
    pushStates,
    definitions,
    // All that was ever sent to be written, requests and their fingerprints included.
    sent: world.store.sent,
  });
}
