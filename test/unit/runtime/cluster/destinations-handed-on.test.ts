import { describe, expect, it } from "vitest";
import type { StartedRuntime } from "../../../../src/runtime/index.ts";
import { aWebhook } from "../destinations-given.ts";
import { gaplessEvents, stateOf, trigger } from "../given.ts";
import { aDispatchingCluster, originOn } from "./destinations-given.ts";
import { aDefinitionOf } from "./given.ts";

describe("that an attempt was handed on", () => {
  it("is said once, though the answer to it is lost and it is reported again: the time for the result runs from the first", async () => {
    const world = await aDispatchingCluster(2);
    const { clock, nodes, network, webhooks } = world;
    const [a, b] = nodes as [StartedRuntime, StartedRuntime];
    const action = aWebhook({ url: `${originOn(a)}/hook`, callback: { timeoutMs: 60_000 } });
    const definition = await aDefinitionOf(b, { action });
    network.lose({ from: "b", to: "a", says: "answer command" }, 1);
    const { id } = await trigger(b, definition);
    const at = clock.now();
    await clock.advance(30_000);
    const told = (await gaplessEvents(world)).filter(
      ({ resourceId, name }) => resourceId === id && name === "delivered",
    );
    expect(told).toHaveLength(1);
    expect(await stateOf(world, id)).toBe("RUNNING");
    await clock.advance(at + 60_500 - clock.now());
    expect(await stateOf(world, id)).not.toBe("RUNNING");
    expect(webhooks.ids).toEqual([id]);
  });
});
