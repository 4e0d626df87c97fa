import { describe, expect, it } from "vitest";
import type { StartedRuntime } from "../../../../src/runtime/index.ts";
import { aWorker } from "../../../support/node.ts";
import { expectSound, instancesOf, reasonOf, trigger } from "../given.ts";
import { aCluster, aDefinitionOf, nameOf, owns } from "./given.ts";
import type { GivenCluster } from "./given.ts";

interface Pair extends GivenCluster {
  readonly here: StartedRuntime;
  readonly owner: StartedRuntime;
  /** A definition of the owner. */
  readonly id: string;
}

/** Commands come to "a"; the definition is of "b". */
async function given(options = {}): Promise<Pair> {
  const cluster = await aCluster(2, options);
  const [here, owner] = cluster.nodes as [StartedRuntime, StartedRuntime];
  return { ...cluster, here, owner, id: await aDefinitionOf(owner) };
}

/** What becomes of a promise while time goes on. */
async function outcomeOf<Value>({ clock }: GivenCluster, promise: Promise<Value>, ms: number) {
  const settled = Promise.allSettled([promise]);
  await clock.advance(ms);
  const [result] = await Promise.race([
    settled,
    Promise.resolve([{ status: "rejected", reason: "it waits still" }] as const),
  ]);
  return result as PromiseSettledResult<Value>;
}

describe("a command at a node that does not own the shard", () => {
  it("is carried out once when its message comes twice, without any request id", async () => {
    const world = await given();
    world.network.double({});
    await trigger(world.here, world.id);
    expect(await instancesOf(world, world.id)).toHaveLength(1);
  });

  it("whose answer is lost is of unknown outcome, and not carried out again", async () => {
    const world = await given();
    world.network.lose({ says: "answer command" }, 1);
    const outcome = await outcomeOf(world, trigger(world.here, world.id), 16_000);
    expect(reasonOf(outcome)).toBe("OUTCOME_UNKNOWN");
    expect(await instancesOf(world, world.id)).toHaveLength(1);
  });

  it("whose answer is lost gives the first answer when it has a request id", async () => {
    const world = await given();
    world.network.lose({ says: "answer command" }, 2);
    const outcome = await outcomeOf(world, trigger(world.here, world.id, {}, "r1"), 8000);
    expect(reasonOf(outcome)).toBe("ok");
    expect(await instancesOf(world, world.id)).toMatchObject([
      { id: (outcome as PromiseFulfilledResult<{ id: string }>).value.id },
    ]);
  });

  it("that may have been carried out is never called undone, though later tries found nobody", async () => {
    const world = await given({ leaseTtlMs: 60_000, orphanAfterMs: 60_000 });
    await world.join("c");
    await world.clock.advance(3000);
    const id = owns(world.owner, world.id) ? world.id : await aDefinitionOf(world.owner);
    world.network.lose({ says: "answer command" });
    const settled = Promise.allSettled([trigger(world.here, id, {}, "r1")]);
    await world.clock.advance(100);
    await world.owner.crash();
    await world.clock.advance(30_000);
    expect(reasonOf((await settled)[0])).toBe("OUTCOME_UNKNOWN");
    expect(await instancesOf(world, id)).toHaveLength(1);
  });

  it("that is lost on its way is of unknown outcome, and carried out when it has a request id", async () => {
    const world = await given();
    world.network.lose({ says: "ask command" }, 1);
    expect(reasonOf(await outcomeOf(world, trigger(world.here, world.id), 16_000))).toBe("OUTCOME_UNKNOWN");
    expect(await instancesOf(world, world.id)).toHaveLength(0);
    world.network.lose({ says: "ask command" }, 2);
    expect(reasonOf(await outcomeOf(world, trigger(world.here, world.id, {}, "r"), 8000))).toBe("ok");
    expect(await instancesOf(world, world.id)).toHaveLength(1);
  });

  it("waits for an owner no longer than it may, and is then refused as undone", async () => {
    const world = await given({ leaseTtlMs: 60_000, orphanAfterMs: 60_000 });
    await world.owner.crash();
    const third = await world.join("c");
    await world.clock.advance(3000);
    expect(owns(third, world.id)).toBe(false);
    const startedAt = world.clock.monotonic();
    let over = 0;
    const outcome = Promise.allSettled([
      trigger(world.here, world.id).finally(() => {
        over = world.clock.monotonic();
      }),
    ]);
    await world.clock.advance(20_000);
    expect(reasonOf((await outcome)[0])).toBe("SHARD_UNAVAILABLE");
    expect(over - startedAt).toBeGreaterThan(7900);
    expect(over - startedAt).toBeLessThan(8500);
  });

  it("does not wait at a node that is alone", async () => {
    const world = await given({ leaseTtlMs: 60_000 });
    await world.owner.crash();
    await world.clock.advance(5000);
    await expect(trigger(world.here, world.id)).rejects.toMatchObject({ reason: "SHARD_UNAVAILABLE" });
  });

  it("is refused as BUSY when too many wait already, and the others go on waiting", async () => {
    const world = await given({ maxRouted: 3, leaseTtlMs: 60_000 });
    const third = await world.join("c");
    await world.clock.advance(5000);
    const id = owns(world.owner, world.id) ? world.id : await aDefinitionOf(world.owner);
    await world.owner.crash();
    await world.clock.advance(3000);
    const waiting = Promise.allSettled([1, 2, 3, 4, 5].map(() => trigger(third, id)));
    await world.clock.advance(20_000);
    const reasons = (await waiting).map(reasonOf).toSorted();
    expect(reasons).toEqual(["BUSY", "BUSY", "SHARD_UNAVAILABLE", "SHARD_UNAVAILABLE", "SHARD_UNAVAILABLE"]);
  });

  it("is carried out once while its owner starts again under the same name", async () => {
    const world = await given();
    const name = nameOf(world.owner);
    const settled = Promise.allSettled([
      ...Array.from({ length: 10 }, (_, index) => trigger(world.here, world.id, {}, `r${index}`)),
      ...Array.from({ length: 10 }, () => trigger(world.here, world.id)),
    ]);
    await world.owner.crash();
    const next = await world.join(name);
    const later = Promise.allSettled(
      Array.from({ length: 10 }, (_, index) => trigger(world.here, world.id, {}, `late${index}`)),
    );
    await world.clock.advance(20_000);
    const reasons = (await settled).map(reasonOf);
    expect(reasons.slice(0, 10)).toEqual(Array(10).fill("ok"));
    expect(reasons.slice(10).every((reason) => reason === "ok" || reason === "OUTCOME_UNKNOWN")).toBe(true);
    expect((await later).map(reasonOf)).toEqual(Array(10).fill("ok"));
    expect(owns(next, world.id) || owns(world.here, world.id)).toBe(true);
    const made = await instancesOf(world, world.id);
    const known = reasons.filter((reason) => reason === "ok").length + 10;
    expect(made.length).toBeGreaterThanOrEqual(known);
    expect(made.length).toBeLessThanOrEqual(30);
    await expectSound(world, world.id);
  });

  it("that is done already when it is done again is not refused for that", async () => {
    const world = await given();
    await world.owner.definitions.pause(world.id, { reason: "" });
    world.network.lose({ says: "answer command" }, 1);
    const resumed = await outcomeOf(world, world.here.definitions.resume(world.id, {}), 16_000);
    expect(reasonOf(resumed)).toBe("OUTCOME_UNKNOWN");
    world.network.lose({ says: "answer command" }, 1);
    expect(reasonOf(await outcomeOf(world, world.here.definitions.pause(world.id, { reason: "" }), 8000))).toBe("ok");
    world.network.lose({ says: "answer command" }, 1);
    const again = world.here.definitions.resume(world.id, { requestId: "r" });
    expect(reasonOf(await outcomeOf(world, again, 8000))).toBe("ok");
  });

  it("that brings a result is not told to be over because its answer was slow", async () => {
    const world = await given();
    const worker = await aWorker(world.here);
    await trigger(world.owner, world.id);
    await world.clock.advance(100);
    const hold = world.lineOf("b").holdCommits();
    const { token } = worker.assignments[0]!;
    // A result is the worker's own, whatever it is called.
    const reported = Promise.allSettled([world.here.workers.complete(token, { requestId: "mine" })]);
    await world.clock.advance(5000);
    hold.release();
    await world.clock.advance(5000);
    expect((await reported)[0]).toMatchObject({ status: "fulfilled", value: "COMPLETED" });
  });

  it.each([true, false])(
    "that is a batch is done whole when its shard was lost before it was durable (request ids: %s)",
    async (named) => {
      const world = await given();
      const hold = world.lineOf("b").holdCommits();
      const first = Promise.allSettled([trigger(world.owner, world.id, {}, "first")]);
      await hold.arrived();
      const items = [1, 2, 3].map((item) => ({ overrides: {}, ...(named ? { requestId: `item ${item}` } : {}) }));
      const batch = world.here.definitions.batchTrigger(world.id, { items, atomic: false });
      world.lineOf("b").breakOff("shards.renew");
      await world.clock.advance(3500);
      hold.release();
      world.lineOf("b").mend();
      await world.clock.advance(8000);
      expect((await batch).map((item) => ("instance" in item ? "done" : item.reason))).toEqual([
        "done",
        "done",
        "done",
      ]);
      expect(reasonOf((await first)[0])).toBe("ok");
      expect(await instancesOf(world, world.id)).toHaveLength(4);
      await expectSound(world, world.id);
    },
  );

  it("that changes a definition is carried out once when its answer is lost", async () => {
    const world = await given();
    world.network.lose({ says: "answer command" }, 1);
    const outcome = await outcomeOf(
      world,
      world.here.definitions.update(world.id, {
        change: (spec) => ({ ...spec, content: `${spec.content}+` }),
        asked: "+",
        requestId: "u1",
      }),
      8000,
    );
    expect(reasonOf(outcome)).toBe("ok");
    const content = (await world.store.queries.getDefinition(world.id))?.definition.spec.content ?? "";
    expect(content.match(/\+/gu)).toHaveLength(1);
  });

  it("is refused as STORE_UNAVAILABLE when the owner cannot reach the store, not as a defect", async () => {
    const world = await given();
    world.lineOf("b").goAway();
    const outcome = await outcomeOf(world, trigger(world.here, await aDefinitionOf(world.here)), 0);
    expect(reasonOf(outcome)).toBe("ok");
    world.lineOf("a").goAway();
    const update = world.here.definitions.update(world.id, { change: (spec) => spec });
    expect(reasonOf(await outcomeOf(world, update, 100))).toBe("STORE_UNAVAILABLE");
  });
});
