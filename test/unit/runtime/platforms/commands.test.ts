import { describe, expect, it } from "vitest";
import { changeOfState } from "../../../../src/domain/platform/platform-change.ts";
import type { PlatformChangeRecord } from "../../../../src/domain/platform/platform-change.ts";
import { answered } from "../../../support/fake-webhooks.ts";
import type { World } from "../../../support/node.ts";
import { gaplessEvents, reasonOf } from "../given.ts";
import {
  BY_TEST,
  aPlatform,
  aPolicy,
  aTrigger,
  anEvent,
  platformOf,
  pushByHand,
  pushesTo,
  pushing,
  report,
  resultOf,
} from "./given.ts";
import { SECRET } from "./pad.ts";

/** Oldest first. */
async function changesOf({ store }: World, platformId: string): Promise<readonly PlatformChangeRecord[]> {
  const rows = await store.actorStates.list("platform_change", { prefix: `${platformId}/` }, "", 1000);
  return rows.map(({ id, shard, state }) => changeOfState(id, shard, state)).toReversed();
}

async function refusalOf(command: Promise<unknown>): Promise<string> {
  const [outcome] = await Promise.allSettled([command]);
  return reasonOf(outcome);
}

describe("a platform that is disabled", () => {
  it("skips what waits and says why, and gets nothing until it is enabled (R-065)", async () => {
    const world = await pushing();
    const { node, pad, clock } = world;
    const { platforms } = node.taskCenters;
    const id = await aPlatform(node);
    await platforms.isolate(id, BY_TEST);
    const waiting = [await report(node, "s1"), await report(node, "s2")].map(({ pushes }) => pushes[0]?.id ?? "");
    await platforms.disable(id, BY_TEST);
    await clock.advance(1000);
    for (const each of waiting) expect(await resultOf(world, each)).toBe("SKIPPED PLATFORM_DISABLED");
    expect((await report(node, "s3")).pushes).toEqual([]);
    expect(await refusalOf(pushByHand(node, "s3", id))).toBe("STATE_FORBIDS");
    expect(await world.store.approvals.loadPushStates("s1")).toEqual([]);
    await platforms.enable(id, BY_TEST);
    await platforms.reset(id, BY_TEST);
    await report(node, "s3", anEvent("remind_task"));
    await clock.advance(1000);
    expect(pad.ids).toEqual(["s3_t1"]);
    const skipped = (await gaplessEvents(world)).filter(({ name }) => name === "skipped");
    expect(skipped.map(({ resourceId }) => resourceId).toSorted()).toEqual(["s1_t1", "s2_t1"]);
  });

  it("is deleted with its triggers, and what waits for it is skipped (R-065)", async () => {
    const world = await pushing();
    const { node, clock } = world;
    const { platforms } = node.taskCenters;
    const [id, other] = [await aPlatform(node), await aPlatform(node)];
    expect(await refusalOf(platforms.remove(id, BY_TEST))).toBe("STATE_FORBIDS");
    await platforms.isolate(id, BY_TEST);
    const { pushes } = await report(node, "s1");
    const waiting = pushes.find(({ platformId }) => platformId === id)?.id ?? "";
    await Promise.all([platforms.disable(id, BY_TEST), platforms.remove(id, BY_TEST).catch(() => {})]);
    await platforms.remove(id, BY_TEST).catch(() => {});
    await clock.advance(1000);
    expect(await resultOf(world, waiting)).toMatch(/^SKIPPED (PLATFORM_DISABLED|NO_PLATFORM)$/u);
    expect(await refusalOf(platforms.get(id))).toBe("PLATFORM_NOT_FOUND");
    const triggers = await world.store.actorStates.list("trigger", { prefix: "" }, "", 100);
    expect(triggers.map(({ state }) => state["platformId"])).toEqual([other]);
    expect((await report(node, "s2")).pushes.map(({ platformId }) => platformId)).toEqual([other]);
    expect(await refusalOf(aTrigger(node, id))).toBe("PLATFORM_NOT_FOUND");
  });

  it("is gone once it was deleted, though somebody looks at it before that is durable", async () => {
    const world = await pushing();
    const { node, clock } = world;
    const { platforms } = node.taskCenters;
    const id = await aPlatform(node, { enabled: false });
    const hold = world.store.holdCommits();
    const removed = platforms.remove(id, BY_TEST);
    await clock.advance(10);
    const looked = refusalOf(platforms.get(id));
    const enabled = refusalOf(platforms.enable(id, BY_TEST));
    await clock.advance(10);
    hold.release();
    await removed;
    await clock.advance(1000);
    expect(await Promise.all([looked, enabled])).toEqual(["PLATFORM_NOT_FOUND", "PLATFORM_NOT_FOUND"]);
    expect(await refusalOf(platforms.get(id))).toBe("PLATFORM_NOT_FOUND");
    expect(await world.store.actorStates.list("platform", { prefix: "" }, "", 10)).toEqual([]);
  });

  it("takes no trigger that outlives it, though both commands come at once", async () => {
    const world = await pushing();
    const { node, clock } = world;
    const id = await aPlatform(node, { enabled: false });
    for (let n = 0; n < 5; n++) {
      void aTrigger(node, id).catch(() => {});
    }
    const removed = node.taskCenters.platforms.remove(id, BY_TEST);
    void aTrigger(node, id).catch(() => {});
    await clock.advance(1000);
    await removed;
    expect(await world.store.actorStates.list("trigger", { prefix: "" }, "", 100)).toEqual([]);
  });
});

describe("an update", () => {
  it("with a masked secret keeps it, with null takes a setting away, and keeps what it does not name", async () => {
    const { node, pad, clock } = await pushing();
    const id = await aPlatform(node, { settings: { colour: "red" } });
    const { platforms, shownSettings } = node.taskCenters;
    const shown = shownSettings(await platformOf(node, id));
    expect(shown).toMatchObject({ appSecret: "***", colour: "red" });
    await platforms.update(id, { ...BY_TEST, change: { settings: { ...shown, colour: null } } });
    expect((await platformOf(node, id)).settings["colour"]).toBeUndefined();
    await report(node, "s1");
    await clock.advance(0);
    expect(pad.fetches[0]?.body).toEqual({ appSecret: SECRET });
    expect(await refusalOf(platforms.update(id, { ...BY_TEST, change: { settings: { appSecret: null } } }))).toBe(
      "INVALID_FIELD",
    );
  });

  it("counts when its etag is that of now; each command makes another", async () => {
    const { node } = await pushing();
    const { platforms } = node.taskCenters;
    const id = await aPlatform(node, { trigger: null });
    const etag = String((await platformOf(node, id)).revision);
    const { record } = await platforms.update(id, { ...BY_TEST, etag, change: { name: "other" } });
    expect(String(record.revision)).not.toBe(etag);
    for (const command of [
      platforms.update(id, { ...BY_TEST, etag, change: { name: "third" } }),
      platforms.disable(id, { ...BY_TEST, etag }),
      platforms.isolate(id, { ...BY_TEST, etag }),
      platforms.reset(id, { ...BY_TEST, etag }),
      platforms.remove(id, { ...BY_TEST, etag }),
    ]) {
      expect(await refusalOf(command)).toBe("ETAG_MISMATCH");
    }
    expect(await platformOf(node, id)).toMatchObject({ name: "other", enabled: true });
  });

  it("of two at once to different settings loses neither: the second is refused, or made of the first", async () => {
    const { node } = await pushing();
    const { platforms } = node.taskCenters;
    const id = await aPlatform(node);
    const outcomes = await Promise.all([
      refusalOf(platforms.update(id, { ...BY_TEST, change: { settings: { colour: "red" } } })),
      refusalOf(platforms.update(id, { ...BY_TEST, change: { settings: { host: "https://b.example.com" } } })),
    ]);
    const { settings } = await platformOf(node, id);
    expect([settings["colour"] === "red", settings["host"] === "https://b.example.com"]).toEqual(
      outcomes.map((outcome) => outcome === "ok"),
    );
  });

  it("of the policy counts at once for what waits", async () => {
    const { node, pad, clock } = await pushing();
    const id = await aPlatform(node, { policy: { maxConcurrent: 1 } });
    pad.pushesAre(() => null);
    for (let n = 0; n < 5; n++) await report(node, `s${n}`);
    await clock.advance(0);
    expect(pad.underWay).toHaveLength(1);
    await node.taskCenters.platforms.update(id, { ...BY_TEST, change: { policy: aPolicy({ maxConcurrent: 3 }) } });
    await clock.advance(0);
    expect(pad.underWay).toHaveLength(3);
  });
});

describe("a command that is repeated under its request id", () => {
  it("gives the same answer, and does nothing twice", async () => {
    const world = await pushing();
    const { node, pad, clock } = world;
    const { platforms, pushes } = node.taskCenters;
    const twice = async <Value>(command: () => Promise<Value>): Promise<readonly [Value, Value]> => {
      const first = await command();
      await clock.advance(10);
      return [first, await command()];
    };
    const platform = {
      name: "p",
      connector: "pad",
      settings: { appSecret: SECRET },
      standsFor: null,
      policy: aPolicy(),
    };
    const [made, again] = await twice(() => platforms.create({ ...BY_TEST, requestId: "c", platform }));
    const { id } = made.record;
    expect(again.record.id).toBe(id);
    const trigger = { actions: [], appIds: [], condition: { nodeIds: [], creators: [], assignees: [] } };
    const [one, same] = await twice(() => platforms.createTrigger(id, { ...BY_TEST, requestId: "t", trigger }));
    expect(same).toEqual(one);
    await twice(() => platforms.enable(id, { ...BY_TEST, requestId: "e" }));
    await twice(() =>
      platforms.update(id, { ...BY_TEST, requestId: "u", change: { settings: { appSecret: "another-secret" } } }),
    );
    await twice(() => platforms.isolate(id, { ...BY_TEST, requestId: "i" }));
    await twice(() => platforms.reset(id, { ...BY_TEST, requestId: "r" }));
    const event = anEvent("receive");
    const [reported, repeated] = await twice(() => report(node, "s1", event, "ev"));
    expect(repeated).toEqual(reported);
    const [push, samePush] = await twice(() => pushByHand(node, "s1", id, { requestId: "p" }));
    expect(samePush).toBe(push);
    await clock.advance(1000);
    expect(pad.pushes).toHaveLength(2);
    const [batch, sameBatch] = await twice(() =>
      pushes.batch(id, { filter: {}, pageSize: 30, force: false, requestId: "b" }),
    );
    expect(sameBatch.instance.id).toBe(batch.instance.id);
    await clock.advance(5000);
    await twice(() => platforms.refreshToken(id, { ...BY_TEST, requestId: "rt" }));
    await twice(() => platforms.disable(id, { ...BY_TEST, requestId: "d" }));
    await twice(() => platforms.deleteTrigger(one.id, { ...BY_TEST, requestId: "dt" }));
    await twice(() => platforms.remove(id, { ...BY_TEST, requestId: "x" }));
    expect((await changesOf(world, id)).map(({ kind }) => kind)).toEqual([
      "CREATED",
      "TRIGGER_CREATED",
      "ENABLED",
      "UPDATED",
      "ISOLATED",
      "RESET",
      "TOKEN_REFRESHED",
      "DISABLED",
      "TRIGGER_DELETED",
      "DELETED",
    ]);
    expect(await pushesTo(world, id)).toHaveLength(3);
  });
});

describe("what was changed of a platform", () => {
  it("is recorded in order, with who, why, and what was before and is after (R-070)", async () => {
    const world = await pushing();
    const { node, pad, clock } = world;
    const { platforms } = node.taskCenters;
    const id = await aPlatform(node, { name: "old", settings: { colour: "red" } });
    await platforms.update(id, {
      changedBy: "anna",
      reason: "new place",
      change: { name: "new", settings: { colour: "blue", appSecret: "another-secret" } },
    });
    await platforms.isolate(id, { changedBy: "bert", reason: "works" });
    await platforms.reset(id, { changedBy: "bert" });
    pad.fetchesAre(() => answered(403, { body: "no" }));
    await platforms.refreshToken(id, { changedBy: "carl" });
    await platforms.disable(id, { changedBy: "dora" });
    await platforms.remove(id, { changedBy: "emil", reason: "gone" });
    await clock.advance(1000);
    const changes = await changesOf(world, id);
    expect(changes).toMatchObject([
      { kind: "CREATED", changedBy: "somebody", before: null, after: { name: "old", settings: { appSecret: "***" } } },
      { kind: "TRIGGER_CREATED", before: null },
      { kind: "ENABLED", before: { enabled: false }, after: { enabled: true } },
      {
        kind: "UPDATED",
        changedBy: "anna",
        reason: "new place",
        before: { name: "old", settings: { colour: "red", appSecret: "***" } },
        after: { name: "new", settings: { colour: "blue", appSecret: "*** (given anew)" } },
      },
      { kind: "ISOLATED", changedBy: "bert", before: { breaker: "CLOSED" }, after: { breaker: "ISOLATED" } },
      { kind: "RESET", before: { breaker: "ISOLATED" }, after: { breaker: "CLOSED" } },
      { kind: "TOKEN_REFRESHED", changedBy: "carl", after: { ok: false, code: "PAD_403" } },
      { kind: "DISABLED", changedBy: "dora", before: { enabled: true }, after: { enabled: false } },
      { kind: "DELETED", changedBy: "emil", reason: "gone", before: { name: "new" }, after: null },
    ]);
  });

  it("names of an update the settings and bounds that are another, and no others; of a secret that it was given anew, and no part of it", async () => {
    const world = await pushing();
    const { node } = world;
    const { platforms, shownSettings } = node.taskCenters;
    const id = await aPlatform(node, { settings: { colour: "red" }, trigger: null, enabled: false });
    const updated = async (change: Parameters<typeof platforms.update>[1]["change"]) => {
      await platforms.update(id, { ...BY_TEST, change });
      const { before, after } = (await changesOf(world, id)).at(-1) ?? {};
      return { before, after };
    };
    expect(await updated({ settings: { appSecret: "another-secret" } })).toEqual({
      before: { settings: { appSecret: "***" } },
      after: { settings: { appSecret: "*** (given anew)" } },
    });
    const shown = shownSettings(await platformOf(node, id));
    expect(await updated({ settings: { ...shown, colour: null } })).toEqual({
      before: { settings: { colour: "red" } },
      after: { settings: { colour: null } },
    });
    expect(await updated({ settings: { colour: "green" }, policy: aPolicy({ maxConcurrent: 3 }) })).toEqual({
      before: { settings: { colour: null }, policy: { maxConcurrent: 8 } },
      after: { settings: { colour: "green" }, policy: { maxConcurrent: 3 } },
    });
    expect(await updated({ name: "other", settings: { colour: "green" }, policy: {} })).toMatchObject({
      before: { name: expect.any(String) as string },
      after: { name: "other" },
    });
    const { before, after } = await updated({ name: "other" });
    expect([before, after]).toEqual([{}, {}]);
  });
});
