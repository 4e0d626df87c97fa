/** What a destination may bear, whatever ends early, late or never. */
import { describe, expect, it } from "vitest";
import type { RateLimit } from "../../../src/domain/webhook/destination.ts";
import { answered, DOWN } from "../../support/fake-webhooks.ts";
import type { Dispatching } from "./destinations-given.ts";
import { A, destination, dispatch, dispatching } from "./destinations-given.ts";
import { aRetry, stateOf } from "./given.ts";

const NO_RETRY = aRetry({ maxRetries: 0 });

async function limited(change: { readonly rate: RateLimit }): Promise<Dispatching> {
  const world = await dispatching();
  await world.node.destinations.update(A, { change });
  return world;
}

describe("a rate limit", () => {
  it("lets the next one go when its time has come, though those before are still under way", async () => {
    const { node, webhooks, clock } = await limited({ rate: { perSecond: 2, burst: 1 } });
    webhooks.replies(() => null);
    for (let n = 0; n < 5; n++) await dispatch(node);
    await clock.advance(0);
    expect(webhooks.sent).toHaveLength(1);
    await clock.advance(500);
    expect(webhooks.sent).toHaveLength(2);
    await clock.advance(1500);
    expect(webhooks.sent).toHaveLength(5);
  });

  it("is kept when its destination left the memory in between", async () => {
    const { node, webhooks, clock } = await limited({ rate: { perSecond: 1 / 200, burst: 1 } });
    await dispatch(node);
    await clock.advance(100_000);
    await dispatch(node);
    await clock.advance(90_000);
    expect(webhooks.sent).toHaveLength(1);
    await clock.advance(11_000);
    expect(webhooks.sent).toHaveLength(2);
  });

  it("counts what finds out how the destination is", async () => {
    const { node, webhooks, clock } = await limited({ rate: { perSecond: 1 / 100, burst: 3 } });
    webhooks.replies(() => DOWN);
    for (let n = 0; n < 4; n++) await dispatch(node, { retry: NO_RETRY });
    await clock.advance(60_000);
    expect((await destination(node)).breaker.state).toBe("HALF_OPEN");
    expect(webhooks.sent).toHaveLength(3);
    await clock.advance(41_000);
    expect(webhooks.sent).toHaveLength(4);
  });
});

describe("a half open breaker", () => {
  it("lets one go at a time, also of what was assigned before it opened and was not durable yet", async () => {
    const world = await dispatching();
    const { node, webhooks, clock, store } = world;
    webhooks.replies(() => null);
    for (let n = 0; n < 4; n++) await dispatch(node);
    await clock.advance(0);
    const hold = store.holdCommits();
    const made = Promise.all(Array.from({ length: 5 }, () => dispatch(node)));
    await clock.advance(0);
    for (let n = 0; n < 3; n++) webhooks.sent[n]?.answer(DOWN);
    await clock.advance(0);
    // It lives after all: what was under way when it opened succeeds, and one may try.
    webhooks.sent[3]?.answer(answered(200));
    await clock.advance(0);
    hold.release();
    await clock.advance(100);
    await made;
    expect((await destination(node)).breaker.state).toBe("HALF_OPEN");
    expect(webhooks.sent).toHaveLength(5);
    webhooks.replies(() => answered(200));
    webhooks.sent[4]?.answer(answered(200));
    await clock.advance(60_000);
    for (const { id } of await made) expect(await stateOf(world, id)).toBe("COMPLETED");
  });
});

describe("failures", () => {
  it("that are minutes apart count together, though the destination leaves the memory in between", async () => {
    const { node, webhooks, clock } = await dispatching();
    webhooks.replies(() => DOWN);
    for (let n = 0; n < 3; n++) {
      await dispatch(node, { retry: NO_RETRY });
      await clock.advance(100_000);
      expect(webhooks.sent).toHaveLength(n + 1);
    }
    expect((await destination(node)).breaker).toMatchObject({ timesOpened: 1 });
  });
});
