/** Nodes that look after Belfry's own maintenance. */
import { expect, onTestFinished } from "vitest";
import { createInProcessNetwork } from "../../../../src/bus/in-process/network.ts";
import type { ConfigKey } from "../../../../src/domain/config/config-key.ts";
import { MARK_TIMEOUTS } from "../../../../src/domain/maintenance/configured-maintenance.ts";
import type { DefinitionRecord } from "../../../../src/domain/definition/definition.ts";
import { isFinal } from "../../../../src/domain/instance/instance.ts";
import type { InstanceRecord } from "../../../../src/domain/instance/instance.ts";
import type { RegisterExecution, RuntimeDeps, RuntimeOptions, StartedRuntime } from "../../../../src/runtime/index.ts";
import { aWorld } from "../../../support/node.ts";
import type { World } from "../../../support/node.ts";
import { makeCluster } from "../cluster/given.ts";
import type { GivenCluster } from "../cluster/given.ts";

export const ID = MARK_TIMEOUTS.id;
export const MINUTE_MS = 60_000;

type Parts = Pick<RuntimeDeps, "configEnvironment" | "resultBackend" | "maintenance">;

export interface Maintained extends World {
  readonly node: StartedRuntime;
  /** Starts another node on the same store and network, which looks after maintenance too unless told otherwise. */
  join(nodeId: string, parts?: Parts): Promise<StartedRuntime>;
}

/** A world with one node, "a", that has looked after its maintenance. */
export async function maintained(parts: Parts = {}): Promise<Maintained> {
  const world = await aWorld();
  onTestFinished(() => world.stop());
  const network = createInProcessNetwork();
  const join = async (nodeId: string, own: Parts = parts): Promise<StartedRuntime> => {
    const node = await world.start(nodeId, {}, network, { maintenance: true, ...own });
    await world.clock.advance(1000);
    return node;
  };
  return { ...world, join, node: await join("a") };
}

/** So many nodes. It fails the test when one of them wrote what the store must refuse. */
export async function maintainedCluster(count: number, options: Partial<RuntimeOptions> = {}): Promise<GivenCluster> {
  const { cluster, end } = await makeCluster(count, options, { maintenance: true });
  onTestFinished(end);
  return cluster;
}

export async function definitionOf({ store }: Pick<World, "store">, id = ID): Promise<DefinitionRecord> {
  const found = await store.queries.getDefinition(id);
  if (found === null) throw new Error(`there is no definition ${id}`);
  return found.definition;
}

/** When it runs: its crontab and time zone, or that nobody but a caller lets it run. */
export async function timesOf(world: Pick<World, "store">, id = ID): Promise<string> {
  const { spec } = await definitionOf(world, id);
  const { timing, timeZone } = spec.schedule;
  return timing.kind === "cron" ? `${timing.expressions.join(" and ")} ${timeZone}` : timing.kind;
}

/** Of the times of its definition: what the events of it say, oldest first. */
export async function reasonsOf({ store }: Pick<World, "store">, shards: number, id = ID): Promise<readonly unknown[]> {
  const logs = await Promise.all(
    Array.from({ length: shards }, (_, shard) => store.queries.readEvents(shard, 0, 1_000_000)),
  );
  return logs
    .flat()
    .filter(({ resourceId, name }) => resourceId === id && name === "updated")
    .map(({ data }) => data["reason"]);
}

export function set(
  node: StartedRuntime,
  key: ConfigKey,
  value: string | number | boolean,
  requestId = "",
): Promise<unknown> {
  return node.configs.set({ scope: "GLOBAL", userId: "", key }, { changedBy: "li", value, requestId });
}

export function aTask(changed: Partial<RegisterExecution> = {}): RegisterExecution {
  return {
    name: "billing.collect",
    module: "billing",
    createdBy: "",
    payload: {},
    businessId: "",
    labels: {},
    report: { state: "RUNNING" },
    ...changed,
  };
}

/** Has the sweep run now, to its end. */
export async function sweep(
  world: Pick<World, "store" | "clock">,
  node: StartedRuntime,
  mostMs = 120_000,
): Promise<InstanceRecord> {
  const { instance } = await node.definitions.trigger(ID, { ignoreOverlap: true, overrides: {} });
  for (let waited = 0; ; waited += 500) {
    const record = await world.store.queries.getInstance(instance.id);
    if (record !== null && (isFinal(record.state) || waited >= mostMs)) {
      expect(record).toMatchObject({ state: "COMPLETED" });
      return record;
    }
    await world.clock.advance(500);
  }
}
