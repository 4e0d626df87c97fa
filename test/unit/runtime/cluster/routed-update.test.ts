import { describe, expect, it } from "vitest";
import { aDefinition, every, ledger } from "../given.ts";
import { aCluster, strangerTo } from "./given.ts";

describe("an update that another node carries out", () => {
  it("leaves a due time that waits for its jitter where it is, when the schedule stays the same", async () => {
    const { nodes, ...world } = await aCluster(2);
    const id = await aDefinition(nodes[0]!, {
      schedule: every(10_000, { jitterMs: 8000 }),
      overlapPolicy: "ALLOW_ALL",
    });
    await world.clock.advance(10_001);
    const other = strangerTo(nodes, id);
    await other.definitions.update(id, { change: (spec) => ({ ...spec, content: "other" }) });
    await world.clock.advance(9000);
    expect(await ledger(world, id)).toHaveLength(1);
  });
});
