import { describe, expect, it } from "vitest";
import { answered, DOWN } from "../../../support/fake-webhooks.ts";
import { gaplessEvents } from "../given.ts";
import type { Pushing } from "./given.ts";
import {
  BY_TEST,
  anEvent,
  aPlatform,
  aPushingCluster,
  platformOf,
  pushOf,
  pushing,
  report,
  resultOf,
} from "./given.ts";

async function opened(): Promise<Pushing & { readonly id: string; readonly failing: readonly string[] }> {
  const world = await pushing();
  const { node, pad, clock } = world;
  const id = await aPlatform(node);
  pad.pushesAre(() => DOWN);
  const failing: string[] = [];
  for (let n = 0; n < 3; n++) {
    failing.push((await report(node, `f${n}`)).pushes[0]?.id ?? "");
    await clock.advance(0);
  }
  expect((await platformOf(node, id)).breaker.state).toBe("OPEN");
  pad.pushes.length = 0;
  return { ...world, id, failing };
}

describe("an open breaker of a platform", () => {
  it("parks what comes, which costs no attempt, and lets one real push try; what it brings about decides (R-088)", async () => {
    const world = await opened();
    const { node, pad, clock, id, failing } = world;
    const parked: string[] = [];
    for (let n = 0; n < 10; n++) parked.push((await report(node, `s${n}`)).pushes[0]?.id ?? "");
    pad.pushesAre(() => null);
    await clock.advance(59_000);
    expect(pad.pushes).toEqual([]);
    await clock.advance(2000);
    expect(pad.ids).toHaveLength(1);
    await clock.advance(5000);
    expect(pad.ids).toHaveLength(1);
    pad.pushesAre(() => undefined);
    pad.underWay[0]?.answer(answered(200));
    await clock.advance(1000);
    expect((await platformOf(node, id)).breaker.state).toBe("CLOSED");
    for (const each of [...failing, ...parked]) expect(await resultOf(world, each)).toBe("SUCCEEDED");
    for (const each of parked) expect((await pushOf(world, each)).life.attemptCount).toBe(1);
    expect(pad.ids).toHaveLength(13);
    const names = (await gaplessEvents(world))
      .filter(({ resource }) => resource === "platform")
      .map(({ name }) => name);
    expect(names).toEqual([
      "created",
      "enabled",
      "token_refreshed",
      "breaker_opened",
      "breaker_half_opened",
      "breaker_closed",
    ]);
  });

  it("stays open for twice as long when the probe fails, and is still open on the node that takes over", async () => {
    const { node, pad, clock, id, join } = await opened();
    await clock.advance(60_000);
    expect(pad.pushes).toHaveLength(1);
    await node.crash();
    const b = await join("b");
    await clock.advance(20_000);
    expect((await platformOf(b, id)).breaker.state).toBe("OPEN");
    await clock.advance(90_000);
    expect(pad.pushes).toHaveLength(1);
    pad.pushesAre(() => undefined);
    await clock.advance(15_000);
    expect((await platformOf(b, id)).breaker.state).toBe("CLOSED");
    expect(new Set(pad.ids)).toEqual(new Set(["f0_t1", "f1_t1", "f2_t1"]));
  });

  it("does not open for what the platform refuses of items, however much that is", async () => {
    const { node, pad, clock } = await pushing();
    const id = await aPlatform(node);
    pad.pushesAre(() => answered(422));
    for (let n = 0; n < 30; n++) await report(node, `s${n}`);
    await clock.advance(1000);
    expect(pad.pushes).toHaveLength(30);
    expect((await platformOf(node, id)).breaker.state).toBe("CLOSED");
  });

  it("set by hand parks all until it is reset, and pushes that are under way end as they do", async () => {
    const world = await pushing();
    const { node, pad, clock } = world;
    const id = await aPlatform(node);
    pad.pushesAre(() => null);
    const underWay = (await report(node, "s1")).pushes[0]?.id ?? "";
    await clock.advance(0);
    await node.taskCenters.platforms.isolate(id, BY_TEST);
    const parked = (await report(node, "s2")).pushes[0]?.id ?? "";
    pad.underWay[0]?.answer(answered(200));
    await clock.advance(3_600_000);
    expect(await resultOf(world, underWay)).toBe("SUCCEEDED");
    expect(pad.ids).toEqual(["s1_t1"]);
    pad.pushesAre(() => undefined);
    await node.taskCenters.platforms.reset(id, BY_TEST);
    await clock.advance(0);
    expect(await resultOf(world, parked)).toBe("SUCCEEDED");
  });
});

describe("a platform", () => {
  it("gets no more at a time than it may bear, and no more in a second than its rate", async () => {
    const { node, pad, clock } = await pushing();
    await aPlatform(node, { policy: { maxConcurrent: 3 } });
    pad.pushesAre(() => null);
    for (let n = 0; n < 10; n++) await report(node, `s${n}`);
    await clock.advance(0);
    expect(pad.underWay).toHaveLength(3);
    for (let n = 0; n < 10; n++) {
      pad.underWay[0]?.answer(answered(200));
      await clock.advance(0);
    }
    expect([pad.most, pad.pushes.length]).toEqual([3, 10]);
    const slow = await pushing();
    await aPlatform(slow.node, { policy: { rate: { perSecond: 2, burst: 3 } } });
    for (let n = 0; n < 10; n++) await report(slow.node, `s${n}`);
    await slow.clock.advance(0);
    expect(slow.pad.pushes).toHaveLength(3);
    await slow.clock.advance(1000);
    expect(slow.pad.pushes).toHaveLength(5);
    await slow.clock.advance(3000);
    expect(slow.pad.pushes).toHaveLength(10);
  });

  it("gets no more at a time when its sessions are on other nodes, too", async () => {
    const { nodes, pad, clock } = await aPushingCluster(3);
    const [a] = nodes;
    if (a === undefined) throw new Error("there are three");
    await aPlatform(a, { policy: { maxConcurrent: 2 } });
    pad.pushesAre(() => null);
    const asking = Array.from({ length: 30 }, (_, n) => report(nodes[n % 3] ?? a, `s${n}`));
    for (let n = 0; n < 200; n++) {
      await clock.advance(30);
      pad.underWay[0]?.answer(answered(200));
    }
    await Promise.all(asking);
    expect([pad.most, new Set(pad.ids).size, pad.pushes.length]).toEqual([2, 30, 30]);
  });

  it("that says Retry-After is left alone so long, and the push is not tried before", async () => {
    const world = await pushing();
    const { node, pad, clock } = world;
    await aPlatform(node);
    pad.pushesAre(() => answered(429, { headers: { "retry-after": "30" } }));
    const first = (await report(node, "s1")).pushes[0]?.id ?? "";
    await clock.advance(0);
    pad.pushesAre(() => undefined);
    const second = (await report(node, "s2")).pushes[0]?.id ?? "";
    await clock.advance(29_000);
    expect(pad.pushes).toHaveLength(1);
    await clock.advance(2000);
    for (const id of [first, second]) expect(await resultOf(world, id)).toBe("SUCCEEDED");
    expect((await pushOf(world, second)).life.attemptCount).toBe(1);
  });

  it("that says Retry-After where its tokens are had is left alone so long", async () => {
    const world = await pushing();
    const { node, pad, clock } = world;
    await aPlatform(node);
    pad.fetchesAre(() => answered(429, { headers: { "retry-after": "30" } }));
    const id = (await report(node, "s1")).pushes[0]?.id ?? "";
    await clock.advance(29_000);
    expect(pad.fetches).toHaveLength(1);
    pad.fetchesAre(() => undefined);
    await clock.advance(4000);
    expect(await resultOf(world, id)).toBe("SUCCEEDED");
  });
});

describe("two platforms", () => {
  it("do not wait for each other: one that is down, or slow, keeps the other from nothing", async () => {
    const world = await pushing();
    const { node, pad, clock } = world;
    await aPlatform(node, { settings: { host: "https://slow.example.com" }, policy: { maxConcurrent: 1 } });
    const well = await aPlatform(node, { settings: { host: "https://well.example.com" } });
    pad.pushesAre(({ host }) => (host === "slow.example.com" ? null : undefined));
    for (let n = 0; n < 20; n++) {
      const { pushes } = await report(node, `s${n}`, anEvent("receive"));
      expect(pushes).toHaveLength(2);
      await clock.advance(0);
      const id = pushes.find(({ platformId }) => platformId === well)?.id ?? "";
      expect(await resultOf(world, id)).toBe("SUCCEEDED");
    }
  });
});
