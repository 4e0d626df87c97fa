import { describe, expect, it, onTestFinished } from "vitest";
import type { ConfigEnvironment } from "../../../src/domain/config/resolve.ts";
import { CHANGES_KEPT } from "../../../src/domain/config/config-record.ts";
import type { ConfigView, Configs, GivenPlace, StartedRuntime } from "../../../src/runtime/index.ts";
import { aWorld } from "../../support/node.ts";
import type { World } from "../../support/node.ts";
import { gaplessEvents, reasonOf } from "./given.ts";

interface Given extends World {
  readonly node: StartedRuntime;
  readonly configs: Configs;
}

async function given(environment: ConfigEnvironment = {}): Promise<Given> {
  const world = await aWorld();
  onTestFinished(() => world.stop());
  const node = await world.start("a", {}, undefined, { configEnvironment: environment });
  return { ...world, node, configs: node.configs };
}

const LI = { changedBy: "li", reason: "audit" };

function globally(key: string): GivenPlace {
  return { scope: "GLOBAL", userId: "", key };
}

function of(userId: string, key: string): GivenPlace {
  return { scope: "USER", userId, key };
}

describe("configuration (R-131)", () => {
  it("that nobody set is the default, or what the environment says", async () => {
    const { configs } = await given({ retention_days: 90 });
    expect(await configs.resolve("timeout_minutes", "u1")).toEqual({ value: 10, source: "DEFAULT" });
    expect(await configs.resolve("retention_days")).toEqual({ value: 90, source: "ENVIRONMENT" });
    expect(await configs.get(globally("retention_days"))).toMatchObject({ record: null, changes: [] });
  });

  it("holds as soon as it is set: a user's own above the global one above the environment", async () => {
    const { configs } = await given({ timeout_minutes: 20 });
    const resolved = async () => [
      await configs.resolve("timeout_minutes", "u1"),
      await configs.resolve("timeout_minutes"),
    ];
    await configs.set(globally("timeout_minutes"), { ...LI, value: 30 });
    expect(await resolved()).toEqual([
      { value: 30, source: "GLOBAL" },
      { value: 30, source: "GLOBAL" },
    ]);
    await configs.set(of("u1", "timeout_minutes"), { ...LI, value: 40 });
    expect(await resolved()).toEqual([
      { value: 40, source: "USER" },
      { value: 30, source: "GLOBAL" },
    ]);
    await configs.unset(globally("timeout_minutes"), LI);
    expect(await resolved()).toEqual([
      { value: 40, source: "USER" },
      { value: 20, source: "ENVIRONMENT" },
    ]);
    const view = await configs.unset(of("u1", "timeout_minutes"), LI);
    expect(view).toMatchObject({ value: 20, source: "ENVIRONMENT", record: null });
  });

  it("tells for everybody and for each user that has their own, in one reading", async () => {
    const { configs } = await given();
    await configs.set(globally("retention_days"), { ...LI, value: 60 });
    await configs.set(of("u1", "retention_days"), { ...LI, value: 7 });
    await configs.set(of("a/b%", "retention_days"), { ...LI, value: 8 });
    await configs.set(of("u2", "timeout_minutes"), { ...LI, value: 9 });
    expect(await configs.values("retention_days")).toEqual({
      everybody: 60,
      users: new Map([
        ["u1", 7],
        ["a/b%", 8],
      ]),
    });
    expect(await configs.values("cleanup_crontab")).toEqual({ everybody: "0 2 * * *", users: new Map() });
    const all = await configs.all("u1");
    expect(all.find(({ place }) => place.key === "retention_days")).toMatchObject({ value: 7, source: "USER" });
    expect(all.find(({ place }) => place.key === "timeout_minutes")).toMatchObject({ value: 10, source: "DEFAULT" });
  });

  it.each([
    [globally("retention_days"), 0, ["value"]],
    [globally("retention_days"), 3651, ["value"]],
    [globally("timeout_minutes"), 1441, ["value"]],
    [globally("cleanup_crontab"), "every night", ["value"]],
    [globally("nonsense"), 1, ["key"]],
    [of("u1", "cleanup_crontab"), "0 3 * * *", ["scope"]],
    [of("", "retry_max"), 1, ["userId"]],
  ])("refuses %j to be %j, and changes nothing", async (place, value, fields) => {
    const world = await given();
    const refused = world.configs.set(place, { ...LI, value });
    await expect(refused).rejects.toMatchObject({
      reason: "INVALID_FIELD",
      violations: fields.map((field) => ({ field })),
    });
    expect(await gaplessEvents(world)).toEqual([]);
  });

  it("keeps who changed what when, newest first, also of what is not set any more", async () => {
    const { configs, clock } = await given();
    const place = globally("retention_days");
    await configs.set(place, { ...LI, value: 60 });
    await clock.advance(1000);
    await configs.set(place, { changedBy: "wang", value: 61 });
    await configs.set(place, { changedBy: "zhao", value: 61 });
    await configs.unset(place, { changedBy: "", reason: "no need" });
    await configs.set(globally("timeout_minutes"), { ...LI, value: 5 });
    const { changes } = await configs.get(place);
    expect(
      changes.map(({ revision, before, after, changedBy, reason }) => [revision, before, after, changedBy, reason]),
    ).toEqual([
      [3, 61, null, "", "no need"],
      [2, 60, 61, "wang", ""],
      [1, null, 60, "li", "audit"],
    ]);
    expect((changes[1]?.at ?? 0) - (changes[2]?.at ?? 0)).toBe(1000);
  });

  it("keeps so many changes of a place and no more", async () => {
    const { configs, store } = await given();
    for (let value = 1; value <= CHANGES_KEPT + 5; value++) {
      await configs.set(globally("retry_max"), { ...LI, value: value % 2 });
    }
    const { changes } = await configs.get(globally("retry_max"));
    expect([changes.length, changes[0]?.revision]).toEqual([CHANGES_KEPT, CHANGES_KEPT + 5]);
    expect(await store.actorStates.list("config_change", { prefix: "" }, "", 1000)).toHaveLength(CHANGES_KEPT);
  });

  it("says each change as an event, in the commit of the change", async () => {
    const world = await given();
    await world.configs.set(of("u1", "timeout_minutes"), { ...LI, value: 5 });
    await world.configs.set(of("u1", "timeout_minutes"), { ...LI, value: 5 });
    await world.configs.unset(of("u1", "timeout_minutes"), LI);
    expect(await gaplessEvents(world)).toMatchObject([
      {
        resource: "config",
        resourceId: "timeout_minutes",
        name: "changed",
        data: { scope: "USER", userId: "u1", before: null, value: 5, changedBy: "li" },
      },
      { name: "changed", data: { before: 5, value: null } },
    ]);
  });

  it("tells those who listen, once it is durable and until they have had enough", async () => {
    const { configs } = await given();
    const heard: string[] = [];
    const broken = configs.onChange(() => {
      throw new Error("a defect of a listener");
    });
    const listening = configs.onChange(({ key }) => heard.push(key));
    await configs.set(globally("cleanup_crontab"), { ...LI, value: "0 3 * * *" });
    await configs.set(globally("cleanup_crontab"), { ...LI, value: "0 3 * * *" });
    expect(heard).toEqual(["cleanup_crontab"]);
    listening.unsubscribe();
    broken.unsubscribe();
    await configs.unset(globally("cleanup_crontab"), LI);
    expect(heard).toHaveLength(1);
  });

  it("survives the node", async () => {
    const world = await given();
    await world.configs.set(globally("retention_days"), { ...LI, value: 60 });
    await world.node.crash();
    const other = await world.start("a");
    expect(await other.configs.resolve("retention_days")).toEqual({ value: 60, source: "GLOBAL" });
    await other.configs.set(globally("retention_days"), { ...LI, value: 61 });
    expect((await other.configs.get(globally("retention_days"))).changes).toHaveLength(2);
  });
});

describe("while the store is away", () => {
  it("nothing is said of what holds, and what was asked for is done once when it is back", async () => {
    const { configs, store, clock } = await given();
    store.goAway();
    const questions = [
      configs.resolve("retry_max", "u1"),
      configs.values("retry_max"),
      configs.get(of("u1", "retry_max")),
    ];
    const answers = await Promise.allSettled(questions);
    expect(answers.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    store.comeBack();
    store.failAfterCommit(2);
    const set = configs.set(globally("retry_max"), { ...LI, value: 5 });
    await clock.advance(1000);
    expect(await set).toMatchObject({ value: 5, record: { revision: 1 } });
    expect((await configs.get(globally("retry_max"))).changes).toHaveLength(1);
  });
});

describe("changes at the same time", () => {
  const setting = (configs: Configs, values: readonly number[], more: { etag?: string; requestId?: string } = {}) =>
    Promise.allSettled(values.map((value) => configs.set(globally("retention_days"), { ...LI, ...more, value })));

  it("come one after the other: none is lost from the history", async () => {
    const { configs } = await given();
    const values = Array.from({ length: 20 }, (_, index) => index + 1);
    const results = await setting(configs, values);
    expect(results.map(reasonOf)).toEqual(values.map(() => "ok"));
    const { record, changes } = await configs.get(globally("retention_days"));
    expect(record).toMatchObject({ value: 20, revision: 20 });
    expect(changes.map(({ before, after }) => [before, after])).toEqual(
      values.map((value) => [value === 1 ? null : value - 1, value]).toReversed(),
    );
  });

  it("that know the same state are made once, and refused with what it is now after that", async () => {
    const { configs } = await given();
    await configs.set(globally("retention_days"), { ...LI, value: 60 });
    const results = await setting(configs, [61, 62, 63], { etag: "1" });
    expect(results.map(reasonOf)).toEqual(["ok", "ETAG_MISMATCH", "ETAG_MISMATCH"]);
    expect(await configs.resolve("retention_days")).toEqual({ value: 61, source: "GLOBAL" });
  });

  it("with the same request id are made once, and answered alike later too", async () => {
    const { configs } = await given();
    const command = { ...LI, value: 60, requestId: "r1" };
    const ask = (): Promise<ConfigView> => configs.set(globally("retention_days"), command);
    const [first, second] = await Promise.all([ask(), ask()]);
    expect(second).toEqual(first);
    await configs.set(globally("retention_days"), { ...LI, value: 70 });
    expect(await ask()).toEqual(first);
    expect(await configs.resolve("retention_days")).toEqual({ value: 70, source: "GLOBAL" });
    const [other] = await setting(configs, [80], { requestId: "r1" });
    expect(other && reasonOf(other)).toBe("REQUEST_ID_REUSED");
  });

  it("go on after one that was refused", async () => {
    const { configs } = await given();
    const results = await Promise.allSettled([
      configs.set(globally("retry_max"), { ...LI, value: 5, etag: "9" }),
      configs.set(globally("retry_max"), { ...LI, value: 6 }),
    ]);
    expect(results.map(reasonOf)).toEqual(["ETAG_MISMATCH", "ok"]);
  });
});
