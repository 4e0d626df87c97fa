import { describe, expect, it } from "vitest";
import { aDefinition, every, given, instancesOf, ledger, trigger } from "./given.ts";

describe("a backfill", () => {
  it("leaves a due time to the schedule that takes it while the backfill waits for the store", async () => {
    const world = await given();
    const { clock, node, store } = world;
    const createdAt = clock.now();
    const spec = { schedule: every(10_000, { jitterMs: 9000 }), overlapPolicy: "ALLOW_ALL" as const };
    const id = await aDefinition(node, spec);
    await clock.advance(10_100);
    // Due by now, and about to be fired some time later.
    expect(await ledger(world, id)).toEqual([]);
    const hold = store.holdCommits();
    const before = trigger(node, id);
    const filled = node.definitions.backfill(id, { from: createdAt + 1, to: clock.now(), validateOnly: false });
    await clock.advance(9500);
    hold.release();
    const next = store.holdCommits();
    await clock.advance(100);
    next.release();
    await before;
    expect(await filled).toMatchObject({ fired: 0 });
    expect(await ledger(world, id)).toHaveLength(1);
    expect(await instancesOf(world, id)).toHaveLength(2);
  });
});
