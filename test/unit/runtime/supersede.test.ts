import { describe, expect, it } from "vitest";
import { BelfryError } from "../../../src/domain/error.ts";
import type { InstanceRecord } from "../../../src/domain/instance/instance.ts";
import type { TriggerItem, TriggerOverrides } from "../../../src/runtime/index.ts";
import { aWorker } from "../../support/node.ts";
import { BOOM, aDefinition, expectSound, gaplessEvents, given, instancesOf, stateOf, trigger } from "./given.ts";
import type { Given } from "./given.ts";

const KEYED: TriggerOverrides = { supersedeKey: "news" };
const ITEM: TriggerItem = { overrides: KEYED };

async function statesOf(world: Given, instances: readonly (InstanceRecord | undefined)[]): Promise<readonly string[]> {
  return Promise.all(instances.map((instance) => stateOf(world, instance?.id ?? "")));
}

/** Triggers that many, one after the other. */
async function triggered(world: Given, id: string, ...all: readonly TriggerOverrides[]): Promise<InstanceRecord[]> {
  const instances: InstanceRecord[] = [];
  for (const overrides of all) instances.push(await trigger(world.node, id, overrides));
  return instances;
}

describe("a newer instance with the same supersede key", () => {
  it("takes the place of the older one that waits, in one commit, and says so on it and in the log", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const [older] = await triggered(world, id, KEYED);
    const before = world.store.sent.length;
    const [newer] = await triggered(world, id, KEYED);
    const commits = world.store.sent.slice(before);
    expect(commits.map((batch) => [batch.createdInstances.length, batch.finishedInstances.length])).toEqual([[1, 1]]);
    const ended = await world.store.queries.getInstance(older?.id ?? "");
    const message = `Instance ${newer?.id}, which is newer, has the supersede key "news" too, and took its place.`;
    expect(ended).toMatchObject({
      state: "CANCELLED",
      life: { stateReason: `superseded by ${newer?.id}`, error: { code: "SUPERSEDED", message } },
    });
    const event = (await gaplessEvents(world)).find(
      ({ resourceId, name }) => resourceId === older?.id && name === "cancelled",
    );
    expect(event?.data).toMatchObject({ reason: `superseded by ${newer?.id}`, code: "SUPERSEDED" });
    expect(await stateOf(world, newer?.id ?? "")).toBe("PENDING NO_WORKER");
    await expectSound(world, id);
  });

  it("takes the place of all that do not run: that wait for others, for a retry, or are held", async () => {
    const world = await given();
    const { node, clock } = world;
    const id = await aDefinition(node);
    const worker = await aWorker(node);
    const [backingOff] = await triggered(world, id, KEYED);
    await clock.advance(0);
    await node.workers.fail(worker.assignments[0]?.token ?? "", { error: BOOM, retryable: true });
    const [ahead, gated] = await triggered(world, id, { orderingKey: "o" }, { orderingKey: "o", ...KEYED });
    // Triggering the gated one has superseded the one that backed off. One that is held gives way just as well.
    expect(await stateOf(world, backingOff?.id ?? "")).toBe("CANCELLED");
    await node.instances.pause(gated?.id ?? "", { reason: "" });
    const [last] = await triggered(world, id, { orderingKey: "o", ...KEYED });
    expect(await statesOf(world, [ahead, gated, last])).toEqual(["RUNNING", "CANCELLED", "PENDING CONCURRENCY"]);
    const token = worker.assignments.find(({ instance }) => instance.id === ahead?.id)?.token ?? "";
    await node.workers.complete(token, null);
    await clock.advance(0);
    expect(await stateOf(world, last?.id ?? "")).toBe("RUNNING");
    await expectSound(world, id);
  });

  it("lets one that runs go on, held or not, and does not wait for it", async () => {
    const world = await given();
    const { node, clock } = world;
    const id = await aDefinition(node);
    await aWorker(node, { slots: 3 });
    const [running, held] = await triggered(world, id, KEYED, KEYED);
    await clock.advance(0);
    await node.instances.pause(held?.id ?? "", { reason: "" });
    const [newer] = await triggered(world, id, KEYED);
    await clock.advance(0);
    expect(await statesOf(world, [running, held, newer])).toEqual(["RUNNING", "PAUSED PAUSED", "RUNNING"]);
    await expectSound(world, id);
  });

  it("concerns nobody with another key, without a key, or of another definition", async () => {
    const world = await given();
    const [id, other] = [await aDefinition(world.node), await aDefinition(world.node)];
    const bystanders = [
      ...(await triggered(world, id, { supersedeKey: "other" }, {}, { orderingKey: "news" })),
      ...(await triggered(world, other, KEYED)),
    ];
    await triggered(world, id, KEYED);
    expect(new Set(await statesOf(world, bystanders))).toEqual(new Set(["PENDING NO_WORKER"]));
  });

  it("leaves the older one alone when it is refused itself", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const [holder, older] = await triggered(world, id, { uniqueKey: { key: "u", onConflict: "REJECT" } }, KEYED);
    const overrides = { ...KEYED, uniqueKey: { key: "u", onConflict: "REJECT" } } as const;
    await expect(trigger(world.node, id, overrides)).rejects.toMatchObject({ reason: "UNIQUE_KEY_TAKEN" });
    expect(await statesOf(world, [holder, older])).toEqual(["PENDING NO_WORKER", "PENDING NO_WORKER"]);
  });

  it("of many that come at once, the last one stays", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const all = await Promise.all(Array.from({ length: 100 }, () => trigger(world.node, id, KEYED)));
    const states = await statesOf(world, all);
    expect(states).toEqual([...Array.from({ length: 99 }, () => "CANCELLED"), "PENDING NO_WORKER"]);
    await expectSound(world, id);
  });

  it("finds an older one that was left to the store by a restart", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const [older, running] = await triggered(world, id, KEYED, {});
    await world.node.crash();
    const next = await world.start("b");
    await world.clock.advance(30_000);
    expect(next.status().residents).toBe(0);
    const newer = await trigger(next, id, KEYED);
    expect(await statesOf(world, [older, running, newer])).toEqual([
      "CANCELLED",
      "PENDING NO_WORKER",
      "PENDING NO_WORKER",
    ]);
    await expectSound(world, id);
  });

  it("is answered again under its request id, and supersedes nobody by that", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const first = await trigger(world.node, id, KEYED, "r1");
    const second = await trigger(world.node, id, KEYED);
    expect((await trigger(world.node, id, KEYED, "r1")).id).toBe(first.id);
    expect(await statesOf(world, [first, second])).toEqual(["CANCELLED", "PENDING NO_WORKER"]);
  });
});

describe("in a batch", () => {
  it.each([true, false])(
    "the last one of a key stays, and those before it end in the same commit (atomic: %s)",
    async (atomic) => {
      const world = await given();
      const id = await aDefinition(world.node);
      const [older] = await triggered(world, id, KEYED);
      const before = world.store.sent.length;
      const items = [ITEM, { overrides: {} }, ITEM, ITEM];
      const answers = await world.node.definitions.batchTrigger(id, { items, atomic });
      const made = answers.flatMap((answer) => (answer instanceof BelfryError ? [] : [answer.instance]));
      expect(await statesOf(world, [older, ...made])).toEqual([
        "CANCELLED",
        "CANCELLED",
        "PENDING NO_WORKER",
        "CANCELLED",
        "PENDING NO_WORKER",
      ]);
      expect(world.store.sent.slice(before)).toHaveLength(1);
      expect(await instancesOf(world, id)).toHaveLength(5);
      await expectSound(world, id);
    },
  );

  it("one that found a worker at once goes on", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    await aWorker(world.node);
    const answers = await world.node.definitions.batchTrigger(id, { items: [ITEM, ITEM, ITEM], atomic: true });
    const made = answers.flatMap((answer) => (answer instanceof BelfryError ? [] : [answer.instance]));
    expect(await statesOf(world, made)).toEqual(["RUNNING", "CANCELLED", "PENDING NO_WORKER"]);
    await expectSound(world, id);
  });
});
