/** What tests of the cleanup have in common: it runs as a job does, on a node of a world whose clock they turn. */
import type { JsonObject } from "../../../../src/domain/json.ts";
import type { RegisterExecution, StartedRuntime } from "../../../../src/runtime/index.ts";
import { cleanupJob } from "../../../../src/runtime/jobs/cleanup-job.ts";
import { SHARDS } from "../../../support/node.ts";
import { aDefinition, aDiligentWorker, given, trigger } from "../given.ts";
import type { Given } from "../given.ts";

const DAY_MS = 86_400_000;

interface CleanupGiven {
  /** By attempts before. */
  readonly told?: JsonObject;
  readonly signal?: AbortSignal;
  readonly publishes?: boolean;
}

export interface CleanupRun {
  readonly result: Promise<JsonObject>;
  /** What it told, merged as metadata is. */
  readonly told: () => JsonObject;
}

/** Begins a cleanup; it goes on as the clock is turned. */
export function startCleanup(
  { store, clock, node }: Given,
  { told = {}, signal = new AbortController().signal, publishes = false }: CleanupGiven = {},
): CleanupRun {
  let all = told;
  const job = cleanupJob({
    clock,
    store,
    configs: () => node.configs,
    instances: () => node.instances,
    shardCount: SHARDS,
    publishes,
  });
  const result = job({
    instanceId: "cleanup",
    payload: {},
    told,
    signal,
    tell: async (_, metadata) => {
      all = { ...all, ...metadata };
    },
  });
  result.catch(() => {});
  return { result, told: () => all };
}

/** Turns the clock until a cleanup is done. */
export async function cleanedUp(world: Given, asked: CleanupGiven = {}): Promise<JsonObject> {
  return untilDone(world, startCleanup(world, asked));
}

export async function untilDone({ clock }: Given, { result }: CleanupRun): Promise<JsonObject> {
  let isDone = false;
  const wait = async (): Promise<void> => {
    await Promise.allSettled([result]);
    isDone = true;
  };
  void wait();
  while (!isDone) await clock.advance(5);
  // What has ended leaves the memory.
  await clock.advance(1000);
  return result;
}

/** A world in which time has gone by: what was done before has been done so many days ago. */
export function daysLater({ clock }: Pick<Given, "clock">, days: number): void {
  clock.setWall(clock.now() + days * DAY_MS);
}

/** A node with a definition whose instances a worker completes at once. */
export async function aWorkingNode(): Promise<
  Given & { readonly definitionId: string; run(count: number, userId?: string): Promise<readonly string[]> }
> {
  const world = await given();
  const definitionId = await aDefinition(world.node);
  await aDiligentWorker(world.node);
  return {
    ...world,
    definitionId,
    run: async (count, userId = "") => {
      const made = await Promise.all(
        Array.from({ length: count }, () => trigger(world.node, definitionId, { userId })),
      );
      await world.clock.advance(0);
      return made.map(({ id }) => id);
    },
  };
}

export async function keep(node: StartedRuntime, days: number, userId = ""): Promise<void> {
  const place = { scope: userId === "" ? "GLOBAL" : "USER", userId, key: "retention_days" } as const;
  await node.configs.set(place, { value: days, changedBy: "test" });
}

export function aRegistration(changed: Partial<RegisterExecution> = {}): RegisterExecution {
  const nothing = {
    name: "billing.collect",
    module: "billing",
    createdBy: "",
    payload: {},
    businessId: "",
    labels: {},
  };
  return { ...nothing, report: {}, ...changed };
}

export async function idsIn({ store }: Pick<Given, "store">): Promise<readonly string[]> {
  return (await store.queries.listInstances({}, null, 100_000)).map(({ id }) => id).toSorted();
}
