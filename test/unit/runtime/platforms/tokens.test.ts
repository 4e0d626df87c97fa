import { describe, expect, it } from "vitest";
import { shardOf } from "../../../../src/domain/routing.ts";
import { answered } from "../../../support/fake-webhooks.ts";
import { SHARDS } from "../../../support/node.ts";
import {
  NO_BREAKER,
  BY_TEST,
  aPlatform,
  aPushingCluster,
  platformOf,
  pushOf,
  pushing,
  report,
  resultOf,
} from "./given.ts";
import { TOKEN } from "./pad.ts";

const MINUTES = 60_000;

describe("the token of a platform", () => {
  it("is fetched once for 200 first pushes at once (R-015)", async () => {
    const { node, pad, clock } = await pushing();
    await aPlatform(node, { policy: { maxConcurrent: 200 } });
    pad.fetchesAre(() => null);
    await Promise.all(Array.from({ length: 200 }, (_, n) => report(node, `s${n}`)));
    await clock.advance(1000);
    expect([pad.fetches.length, pad.pushes.length]).toEqual([1, 0]);
    pad.fetches[0]?.answer(pad.token());
    await clock.advance(1000);
    expect([pad.fetches.length, pad.pushes.length]).toEqual([1, 200]);
    expect(new Set(pad.pushes.map(({ token }) => token))).toEqual(new Set([`${TOKEN}1`]));
  });

  it("is fetched once for 200 first pushes of sessions of two nodes", async () => {
    const world = await aPushingCluster(2);
    const { nodes, pad, clock } = world;
    const [a, b] = nodes;
    if (a === undefined || b === undefined) throw new Error("there are two");
    await aPlatform(a, { policy: { maxConcurrent: 200 }, of: b });
    pad.fetchesAre(() => null);
    const ids = Array.from({ length: 200 }, (_, n) => `s${n}`);
    for (const { status } of nodes) {
      const { ownedShards } = status();
      expect(ids.filter((id) => ownedShards.includes(shardOf(id, SHARDS))).length).toBeGreaterThan(20);
    }
    await Promise.all([...ids.map((id, n) => report(n % 2 === 0 ? a : b, id)), clock.advance(1000)]);
    await clock.advance(1000);
    expect([pad.fetches.length, pad.pushes.length]).toEqual([1, 0]);
    pad.fetches[0]?.answer(pad.token());
    await clock.advance(10_000);
    expect([pad.fetches.length, new Set(pad.ids).size, pad.pushes.length]).toEqual([1, 200, 200]);
  });

  it("is fetched anew ahead of its end, beside the pushes, which use the old one until the new one is there (R-021)", async () => {
    const { node, pad, clock } = await pushing();
    await aPlatform(node);
    pad.expiresInMs = 30 * MINUTES; // Used for 25 minutes, replaced in the last of them.
    await report(node, "s1");
    await clock.advance(24.5 * MINUTES);
    pad.fetchesAre(() => null);
    await report(node, "s2");
    await report(node, "s3");
    await clock.advance(0);
    expect(pad.fetches).toHaveLength(2);
    expect(pad.pushes.map(({ token }) => token)).toEqual([`${TOKEN}1`, `${TOKEN}1`, `${TOKEN}1`]);
    pad.fetches[1]?.answer(pad.token());
    await clock.advance(0);
    await report(node, "s4");
    await clock.advance(1000);
    expect(pad.pushes.at(-1)?.token).toBe(`${TOKEN}2`);
    expect(pad.fetches).toHaveLength(2);
  });

  it("that cannot be had ahead of time serves until its end, and is asked for once until then", async () => {
    const world = await pushing();
    const { node, pad, clock } = world;
    const id = await aPlatform(node);
    pad.expiresInMs = 30 * MINUTES;
    await report(node, "s1");
    await clock.advance(24.5 * MINUTES);
    pad.fetchesAre(() => answered(500));
    for (let n = 2; n < 6; n++) {
      const made = await report(node, `s${n}`);
      await clock.advance(1000);
      expect(await resultOf(world, made.pushes[0]?.id ?? "")).toBe("SUCCEEDED");
    }
    expect(pad.fetches).toHaveLength(2);
    expect((await platformOf(node, id)).breaker).toMatchObject({ state: "CLOSED", consecutiveFailures: 0 });
  });

  it("that the platform does not take is fetched once for all pushes that hear of it, and no attempt is lost (R-015, R-021)", async () => {
    const world = await pushing();
    const { node, pad, clock } = world;
    const id = await aPlatform(node, { policy: { maxConcurrent: 50 } });
    await report(node, "s0");
    await clock.advance(0);
    pad.valid = new Set();
    pad.pushesAre(({ token }) => (token === `${TOKEN}1` ? null : undefined));
    const made = await Promise.all(Array.from({ length: 30 }, (_, n) => report(node, `s${n + 1}`)));
    await clock.advance(0);
    expect(pad.underWay).toHaveLength(30);
    for (const push of pad.underWay) {
      push.answer(answered(401));
      await clock.advance(10);
    }
    await clock.advance(1000);
    expect(pad.fetches).toHaveLength(2);
    for (const { pushes } of made) {
      expect(await resultOf(world, pushes[0]?.id ?? "")).toBe("SUCCEEDED");
      expect((await pushOf(world, pushes[0]?.id ?? "")).life.attemptCount).toBe(1);
    }
    expect((await platformOf(node, id)).breaker).toMatchObject({ state: "CLOSED", consecutiveFailures: 0 });
  });

  it("that is refused again though it is new fails the attempt, not the platform's patience: one forced fetch an attempt", async () => {
    const world = await pushing();
    const { node, pad, clock } = world;
    await aPlatform(node, { policy: { breaker: NO_BREAKER } });
    pad.pushesAre(() => answered(401, { body: "who are you?" }));
    const { pushes } = await report(node, "s1");
    await clock.advance(60_000);
    const id = pushes[0]?.id ?? "";
    expect(await resultOf(world, id)).toBe("FAILED PAD_401");
    const { attemptCount } = (await pushOf(world, id)).life;
    expect(attemptCount).toBe(4);
    expect(pad.pushes).toHaveLength(2 * attemptCount);
    expect(pad.fetches.length).toBeLessThanOrEqual(attemptCount + 1);
  });

  it("that cannot be had parks the pushes, opens the breaker, and costs no attempt however long that lasts", async () => {
    const world = await pushing();
    const { node, pad, clock } = world;
    const id = await aPlatform(node);
    pad.fetchesAre(() => answered(503));
    const made = await Promise.all(Array.from({ length: 20 }, (_, n) => report(node, `s${n}`)));
    await clock.advance(60_000);
    expect((await platformOf(node, id)).breaker.state).toBe("OPEN");
    await clock.advance(3_600_000);
    expect(pad.pushes).toEqual([]);
    pad.fetchesAre(() => undefined);
    await clock.advance(1_300_000);
    for (const { pushes } of made) {
      expect(await resultOf(world, pushes[0]?.id ?? "")).toBe("SUCCEEDED");
      expect((await pushOf(world, pushes[0]?.id ?? "")).life.attemptCount).toBe(1);
    }
  });

  it("is not asked for more than once in five seconds while it cannot be had", async () => {
    const { node, pad, clock } = await pushing();
    await aPlatform(node, { policy: { breaker: NO_BREAKER } });
    pad.fetchesAre(() => answered(503));
    await Promise.all(Array.from({ length: 20 }, (_, n) => report(node, `s${n}`)));
    await clock.advance(60_000);
    const gaps = pad.fetches.slice(1).map(({ at }, index) => at - (pad.fetches[index]?.at ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(5000);
    expect(pad.fetches.length).toBeGreaterThan(5);
  });

  it("that was asked for with the settings of before is not kept, and pushes of after are not made with it", async () => {
    const world = await pushing();
    const { node, pad, clock } = world;
    const id = await aPlatform(node);
    pad.fetchesAre(() => null);
    const first = await report(node, "s1");
    await clock.advance(0);
    await node.taskCenters.platforms.update(id, {
      ...BY_TEST,
      change: { settings: { host: "https://new.example.com" } },
    });
    const second = await report(node, "s2");
    await clock.advance(0);
    expect(pad.fetches).toHaveLength(2);
    pad.fetches[1]?.answer(answered(200, { body: JSON.stringify({ token: "tkn_pad_new", expiresInMs: 7_200_000 }) }));
    await clock.advance(0);
    pad.fetches[0]?.answer(answered(200, { body: JSON.stringify({ token: "tkn_pad_old", expiresInMs: 7_200_000 }) }));
    await clock.advance(1000);
    const toNew = pad.pushes.filter(({ host }) => host === "new.example.com");
    expect(toNew.map(({ thirdId }) => thirdId)).toContain("s2_t1");
    expect(new Set(toNew.map(({ token }) => token))).toEqual(new Set(["tkn_pad_new"]));
    // Secrets of the one place are not sent to the other.
    expect(
      pad.pushes.filter(({ host }) => host !== "new.example.com").every(({ token }) => token === "tkn_pad_old"),
    ).toBe(true);
    await report(node, "s3");
    await clock.advance(1000);
    expect(pad.fetches).toHaveLength(2);
    expect(pad.pushes.at(-1)).toMatchObject({ host: "new.example.com", token: "tkn_pad_new" });
    for (const { pushes } of [first, second]) expect(await resultOf(world, pushes[0]?.id ?? "")).toBe("SUCCEEDED");
  });

  it("goes to no place that it is not for, when the settings change while a push is under way that is refused", async () => {
    const world = await pushing();
    const { node, pad, clock } = world;
    const id = await aPlatform(node);
    pad.fetchesAre(({ host }) =>
      answered(200, { body: JSON.stringify({ token: `tkn_pad_of_${host}`, expiresInMs: 7_200_000 }) }),
    );
    for (const isFetchedBefore of [true, false]) {
      const host = `new-${isFetchedBefore}.example.com`;
      pad.pushesAre(() => null);
      const first = await report(node, `first-${isFetchedBefore}`);
      await clock.advance(0);
      await node.taskCenters.platforms.update(id, { ...BY_TEST, change: { settings: { host: `https://${host}` } } });
      pad.pushesAre(() => undefined);
      const others = isFetchedBefore ? [await report(node, "before")] : [];
      await clock.advance(0);
      pad.underWay[0]?.answer(answered(401));
      await clock.advance(0);
      others.push(await report(node, `after-${isFetchedBefore}`));
      await clock.advance(1000);
      for (const { pushes } of [first, ...others]) {
        expect(await resultOf(world, pushes[0]?.id ?? "")).toBe("SUCCEEDED");
        expect((await pushOf(world, pushes[0]?.id ?? "")).life.attemptCount).toBe(1);
      }
    }
    for (const push of pad.pushes) expect(push.token).toBe(`tkn_pad_of_${push.host}`);
    expect(pad.fetches).toHaveLength(3);
  });

  it("serves on after its platform has left the memory, and after its node has died (R-086)", async () => {
    const { node, pad, clock, join } = await pushing();
    await aPlatform(node);
    await report(node, "s1");
    await clock.advance(180_000);
    expect((await node.cluster.actors(100)).filter(({ kind }) => kind === "platform")).toEqual([]);
    await report(node, "s2");
    await clock.advance(1000);
    await node.crash();
    const b = await join("b");
    await clock.advance(30_000);
    await report(b, "s3");
    await clock.advance(1000);
    expect(pad.ids).toEqual(["s1_t1", "s2_t1", "s3_t1"]);
    expect(pad.fetches).toHaveLength(1);
  });

  it("goes with its platform to another node", async () => {
    const { nodes, pad, clock } = await aPushingCluster(2);
    const [a, b] = nodes;
    if (a === undefined || b === undefined) throw new Error("there are two");
    await aPlatform(b, { of: a });
    await report(b, "s1");
    await clock.advance(1000);
    await a.cluster.drain("a", true);
    await clock.advance(10_000);
    expect(a.status().ownedShards).toEqual([]);
    await report(b, "s2");
    await clock.advance(1000);
    expect(pad.ids).toEqual(["s1_t1", "s2_t1"]);
    expect(pad.fetches).toHaveLength(1);
  });

  it("of a test is fetched though there is one, joins the fetch under way, and pushes nothing", async () => {
    const { node, pad, clock } = await pushing();
    const id = await aPlatform(node, { enabled: false });
    pad.fetchesAre(() => null);
    const tests = [node.taskCenters.platforms.test(id), node.taskCenters.platforms.test(id)];
    await clock.advance(0);
    expect(pad.fetches).toHaveLength(1);
    pad.fetches[0]?.answer(pad.token());
    await clock.advance(0);
    for (const test of tests) expect(await test).toMatchObject({ ok: true });
    pad.fetchesAre(() => answered(403, { body: "wrong secret" }));
    expect(await node.taskCenters.platforms.test(id)).toMatchObject({
      ok: false,
      code: "PAD_403",
      message: "wrong secret",
    });
    expect(pad.pushes).toEqual([]);
    // The token of before serves on.
    expect((await platformOf(node, id)).token).not.toBeNull();
  });
});
