import { describe, expect, it } from "vitest";
import { createInProcessNetwork } from "../../../src/bus/in-process/network.ts";
import { decidingWith, standingOf } from "../../../src/cli/node/standing-by.ts";
import { aWorld, SHARDS } from "../../support/node.ts";

describe("a node that has just started", () => {
  it("decides when it got shards", async () => {
    const world = await aWorld();
    const node = await world.start("a");
    expect(await standingOf(node, world.store.shards, world.clock)).toEqual({
      kind: "deciding",
      shards: SHARDS,
      others: [],
    });
    await world.stop();
  });

  it("works with the others that it hears, before it has a shard of its own", async () => {
    const world = await aWorld();
    const network = createInProcessNetwork();
    await world.start("a", {}, network);
    const second = await world.start("b", {}, network);
    const standing = standingOf(second, world.store.shards, world.clock);
    await world.clock.advance(500);
    expect(await standing).toEqual({ kind: "deciding", shards: 0, others: ["a"] });
    await world.clock.advance(5_000);
    expect(decidingWith(second)).toEqual({ kind: "deciding", shards: SHARDS / 2, others: ["a"] });
    await world.stop();
  });

  it("stands by when another that it does not hear holds them all, and says which", async () => {
    const world = await aWorld();
    await world.start("a");
    const second = await world.start("b");
    const standing = standingOf(second, world.store.shards, world.clock);
    await world.clock.advance(1_000);
    expect(await standing).toEqual({ kind: "standingBy", nodes: new Map([["a", SHARDS]]) });
    await world.stop();
  });

  it("waits for shards that a node left a moment ago", async () => {
    const world = await aWorld();
    const first = await world.start("a");
    const second = await world.start("b");
    const standing = standingOf(second, world.store.shards, world.clock);
    await world.clock.advance(500);
    await first.drain();
    await world.clock.advance(1_500);
    expect(await standing).toMatchObject({ kind: "deciding" });
    await world.stop();
  });
});
