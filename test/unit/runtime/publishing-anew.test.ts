import { describe, expect, it } from "vitest";
import { MINUTE, expectAllPublished, given, ids } from "./publishing-given.ts";
import { disorders } from "./publishing-world.ts";

describe("a stream that was deleted", () => {
  it("is made anew at the next event, and filled with what is young enough", async () => {
    const { world, node } = await given();
    world.commit(node, 0, ["a", "b"]);
    await world.clock.advance(9 * MINUTE);
    world.commit(node, 0, ["a", "b"]);
    await world.clock.advance(2 * MINUTE);
    await world.clock.advance(500);
    world.server.delete();
    world.commit(node, 0, ["a"]);
    await world.clock.advance(1000);
    expect(world.server.lives.map(({ name, ids: all }) => [name, all])).toEqual([
      ["S@1", ids(1, 4)],
      ["S@2", ids(3, 5)],
    ]);
    expect(disorders(world.server.life)).toEqual([]);
    await world.clock.advance(1000);
    expect(world.cursor(0)).toBe("5 S@2");
  });

  it("is noticed when nothing happens", async () => {
    const { world, node } = await given();
    world.commit(node, 0, ["a", "b"]);
    await world.clock.advance(1000);
    world.server.delete();
    await world.clock.advance(10_000);
    expect(world.server.lives).toHaveLength(2);
    expectAllPublished(world);
  });

  it("and made anew by somebody else is filled as well; what went there before that was noticed is repeated", async () => {
    const { world, node } = await given();
    world.commit(node, 0, ["a", "b"]);
    await world.clock.advance(1000);
    world.server.delete();
    world.server.open();
    world.commit(node, 0, ["c"]);
    await world.clock.advance(1000);
    expect(world.server.life.ids).toEqual(["0-3"]);
    world.server.calls.length = 0;
    await world.clock.advance(10_000);
    expect(world.server.calls).toMatchObject([{ ids: ids(1, 3), repeated: true }]);
    expectAllPublished(world);
  });

  it("in the middle of a batch: the batch begins again on the new one", async () => {
    const { world, node } = await given();
    const release = world.server.hold();
    world.commit(node, 0, ["a", "b", "a", "a"]);
    await world.clock.advance(0);
    release();
    world.server.delete();
    await world.clock.advance(1000);
    expectAllPublished(world);
  });

  it("while its shard had no owner: the next one notices by the cursor", async () => {
    const { world, node } = await given();
    world.commit(node, 0, ["a", "b", "a"]);
    await world.clock.advance(2000);
    world.crash(node);
    world.server.delete();
    const next = world.node("two");
    world.acquire(next, [0]);
    await world.clock.advance(1000);
    expect(world.server.lives).toHaveLength(2);
    expectAllPublished(world);
  });

  it("does not take what was never published with it, however old that is", async () => {
    const { world, node } = await given();
    world.commit(node, 0, ["a"]);
    await world.clock.advance(20 * MINUTE);
    world.server.away = true;
    world.commit(node, 0, ["b"]);
    await world.clock.advance(20 * MINUTE);
    world.server.delete();
    world.server.away = false;
    await world.clock.advance(6000);
    expect(world.server.life.ids).toEqual(["0-2"]);
  });

  it("is replayed later when the store does not answer", async () => {
    const { world, node } = await given();
    world.commit(node, 0, ["a", "b"]);
    await world.clock.advance(1000);
    world.storeAway = true;
    world.server.delete();
    world.commit(node, 0, ["a"]);
    await world.clock.advance(5000);
    expect(world.server.life.ids).toEqual([]);
    world.storeAway = false;
    await world.clock.advance(1000);
    expectAllPublished(world);
  });
});
