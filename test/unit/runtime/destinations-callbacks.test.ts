import { describe, expect, it } from "vitest";
import { answered } from "../../support/fake-webhooks.ts";
import { A, destination, dispatch, dispatching } from "./destinations-given.ts";
import { aRetry, stateOf } from "./given.ts";

describe("a callback", () => {
  it("keeps the dispatch RUNNING after the 2xx, frees its slot, and ends it", async () => {
    const world = await dispatching();
    const { node, webhooks, clock } = world;
    await node.destinations.update(A, { change: { maxConcurrent: 1 } });
    const first = await dispatch(node, { action: { callback: { timeoutMs: 60_000 } } });
    const second = await dispatch(node);
    await clock.advance(30_000);
    expect(webhooks.ids).toEqual([first.id, second.id]);
    expect(await stateOf(world, first.id)).toBe("RUNNING");
    const { delivery_instructions: told } = JSON.parse(webhooks.sent[0]?.body ?? "") as {
      delivery_instructions: { callback: { attempt_token: string; url: string } };
    };
    expect(told.callback.url).toBe(`https://belfry.test/callbacks/${encodeURIComponent(told.callback.attempt_token)}`);
    await node.workers.complete(told.callback.attempt_token, { seen: true });
    expect(await stateOf(world, first.id)).toBe("COMPLETED");
    await expect(node.workers.complete(told.callback.attempt_token, {})).rejects.toMatchObject({
      reason: "STALE_ATTEMPT",
    });
  });

  it("may come before the 2xx does", async () => {
    const world = await dispatching();
    const { node, webhooks, clock } = world;
    webhooks.replies(() => null);
    const { id } = await dispatch(node, { action: { callback: { timeoutMs: 60_000 } } });
    await clock.advance(0);
    await node.workers.complete(webhooks.sent[0]?.headers["Belfry-Attempt-Token"] ?? "", {});
    webhooks.sent[0]?.answer(answered(202));
    await clock.advance(0);
    expect(await stateOf(world, id)).toBe("COMPLETED");
    expect((await destination(node)).failingSince).toBeNull();
  });

  it("that does not come in time costs an attempt", async () => {
    const world = await dispatching();
    const { node, webhooks, clock } = world;
    const { id } = await dispatch(node, { action: { callback: { timeoutMs: 60_000 } }, retry: aRetry() });
    await clock.advance(59_000);
    expect(await stateOf(world, id)).toBe("RUNNING");
    await clock.advance(2500);
    expect(webhooks.ids).toEqual([id, id]);
  });
});
