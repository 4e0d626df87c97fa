import { describe, expect, it, vi } from "vitest";
import { given } from "../given.ts";

describe("more locks than a node keeps in memory", () => {
  it("those that are asked for now are not among those that leave, so nobody is refused", async () => {
    const { node, clock } = await given();
    const turned = clock.monotonic.bind(clock);
    let readings = 0;
    // As a real one: no two readings are the same.
    vi.spyOn(clock, "monotonic").mockImplementation(() => turned() + ++readings / 1e6);
    const acquire = (name: string) => node.locks.acquire(name, { holder: "h1", ttlMs: 3_600_000, waitMs: 0 });
    const refused: unknown[] = [];
    for (let begun = 0; begun < 50_500; begun += 500) {
      const asked = Array.from({ length: 500 }, (_, number) => acquire(`import_${begun + number}`));
      const answers = await Promise.allSettled(asked);
      refused.push(...answers.filter(({ status }) => status === "rejected"));
      await clock.advance(20);
    }
    expect(refused).toEqual([]);
    const inMemory = (await node.cluster.actors(60_000)).filter(({ kind }) => kind === "lock").length;
    expect(inMemory).toBeLessThan(50_000);
  }, 60_000);
});
