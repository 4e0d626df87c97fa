import { describe, expect, it } from "vitest";
import { StoreUnavailable } from "../../../../src/ports/store/journal.ts";
import { MANUAL_START_AT } from "../../../support/manual-clock.ts";
import { SHARDS } from "../../../support/node.ts";
import { gaplessEvents, instancesOf, ledger } from "../given.ts";
import { ID, MINUTE_MS, definitionOf, maintained, reasonsOf, set, timesOf } from "./given.ts";

const HOUR_MS = 60 * MINUTE_MS;

describe("maintenance", () => {
  it("R-132: registers itself at the start, once for all lives of the nodes", async () => {
    const world = await maintained();
    const made = await definitionOf(world);
    expect(made).toMatchObject({
      state: "ACTIVE",
      revision: 1,
      spec: { action: { kind: "job" }, overlapPolicy: "SKIP", labels: { module: "belfry" }, userId: "" },
    });
    await world.node.drain();
    const second = await world.join("a");
    await world.clock.advance(90_000);
    await second.crash();
    await world.join("b");
    await world.clock.advance(90_000);
    expect(await definitionOf(world)).toEqual(made);
    expect(world.store.sent.flatMap(({ definitions }) => definitions).filter(({ id }) => id === ID)).toHaveLength(1);
    await gaplessEvents(world);
  });

  it("is left alone by a node that was not told to look after it", async () => {
    const world = await maintained({ maintenance: false });
    await world.clock.advance(HOUR_MS);
    expect(await world.store.queries.getDefinition(ID)).toBeNull();
  });

  it("R-128, R-135: the sweep of timeouts runs every 30 minutes, each time as an instance of the module belfry", async () => {
    const world = await maintained();
    await world.clock.advance(HOUR_MS);
    const runs = await instancesOf(world, ID);
    expect(runs.map(({ state, spec }) => [state, spec.labels, (spec.scheduledAt ?? 0) - MANUAL_START_AT])).toEqual([
      ["COMPLETED", { module: "belfry" }, 30 * MINUTE_MS],
      ["COMPLETED", { module: "belfry" }, 60 * MINUTE_MS],
    ]);
    expect(runs[0]?.life.result).toMatchObject({ looked: 0, timedOut: 0 });
  });

  it("R-128: runs when its crontab says so by the clocks of the configured time zone", async () => {
    const world = await maintained();
    await set(world.node, "mark_timeout_crontab", "0 2 * * *");
    await set(world.node, "maintenance_time_zone", "Atlantic/Azores");
    await world.clock.advance(4 * HOUR_MS);
    expect((await ledger(world, ID)).map(({ outcome, scheduledAt }) => [outcome, scheduledAt])).toEqual([
      ["FIRED", Date.UTC(2026, 0, 1, 3)],
    ]);
  });

  it("is moved by SetConfig at once: one revision a change, with an event that names what was configured", async () => {
    const world = await maintained();
    const { node, clock } = world;
    await set(node, "mark_timeout_crontab", "5 * * * *");
    await clock.advance(0);
    expect([await timesOf(world), (await definitionOf(world)).revision]).toEqual(["5 * * * * UTC", 2]);
    await set(node, "maintenance_time_zone", "Europe/Berlin");
    await clock.advance(0);
    await set(node, "maintenance_time_zone", "Europe/Berlin");
    // What does not say when it runs is no change of it.
    await set(node, "timeout_minutes", 20);
    await set(node, "cleanup_crontab", "0 4 * * *");
    await clock.advance(5 * MINUTE_MS);
    expect([await timesOf(world), (await definitionOf(world)).revision]).toEqual(["5 * * * * Europe/Berlin", 3]);
    await node.configs.unset({ scope: "GLOBAL", userId: "", key: "mark_timeout_crontab" }, { changedBy: "li" });
    await clock.advance(0);
    expect(await timesOf(world)).toBe("*/30 * * * * Europe/Berlin");
    expect(await reasonsOf(world, SHARDS)).toEqual([
      'configuration: mark_timeout_crontab is "5 * * * *"',
      "configuration: maintenance_time_zone is Europe/Berlin",
      'configuration: mark_timeout_crontab is "*/30 * * * *"',
    ]);
  });

  it("R-132: runs not by itself where it is disabled, and still by hand", async () => {
    const world = await maintained({ configEnvironment: { mark_timeout_enabled: false } });
    const { node, clock } = world;
    await clock.advance(3 * HOUR_MS);
    expect([await timesOf(world), (await definitionOf(world)).state]).toEqual(["manual", "ACTIVE"]);
    expect(await ledger(world, ID)).toEqual([]);
    await node.definitions.trigger(ID, { ignoreOverlap: false, overrides: {} });
    await clock.advance(1000);
    expect((await instancesOf(world, ID)).map(({ state }) => state)).toEqual(["COMPLETED"]);
    await set(node, "mark_timeout_enabled", true);
    await clock.advance(30 * MINUTE_MS);
    expect((await ledger(world, ID)).map(({ outcome }) => outcome)).toEqual(["FIRED"]);
    expect(await reasonsOf(world, SHARDS)).toEqual(["configuration: mark_timeout_enabled is true"]);
  });

  it("that a caller paused stays paused whatever is configured, and says so in the ledger", async () => {
    const world = await maintained();
    const { node, clock } = world;
    await node.definitions.pause(ID, { reason: "the auditors are here" });
    await set(node, "mark_timeout_crontab", "0 * * * *");
    await clock.advance(HOUR_MS);
    expect(await definitionOf(world)).toMatchObject({ state: "PAUSED", stateReason: "the auditors are here" });
    expect((await ledger(world, ID)).map(({ outcome }) => outcome)).toEqual(["PAUSED"]);
    await node.definitions.resume(ID, {});
    await clock.advance(HOUR_MS);
    expect((await ledger(world, ID)).map(({ outcome }) => outcome)).toEqual(["PAUSED", "FIRED"]);
  });

  it("goes by what was configured while nobody looked after it, when somebody does again", async () => {
    const world = await maintained();
    await world.node.drain();
    const other = await world.join("b", { maintenance: false });
    await set(other, "mark_timeout_crontab", "7 * * * *");
    await world.clock.advance(2 * MINUTE_MS);
    expect(await timesOf(world)).toBe("*/30 * * * * UTC");
    await other.drain();
    await world.join("c");
    expect(await timesOf(world)).toBe("7 * * * * UTC");
    expect(await reasonsOf(world, SHARDS)).toEqual(['configuration: mark_timeout_crontab is "7 * * * *"']);
  });

  it("goes by another environment from the next start on", async () => {
    const world = await maintained();
    await world.node.drain();
    await world.join("b", { configEnvironment: { mark_timeout_crontab: "9 * * * *" } });
    expect(await timesOf(world)).toBe("9 * * * * UTC");
  });

  it("notices within a minute a change whose notice was lost", async () => {
    const world = await maintained();
    const { node, clock, store } = world;
    const { load } = store.actorStates;
    const { unsubscribe } = node.configs.onChange(() => {
      Object.assign(store.actorStates, { load: () => Promise.reject(new StoreUnavailable("it is away for a moment")) });
    });
    await set(node, "mark_timeout_crontab", "7 * * * *");
    await clock.advance(0);
    Object.assign(store.actorStates, { load });
    unsubscribe();
    expect(await timesOf(world)).toBe("*/30 * * * * UTC");
    await clock.advance(MINUTE_MS);
    expect(await timesOf(world)).toBe("7 * * * * UTC");
  });

  it("goes by the newest of many changes at once", async () => {
    const world = await maintained();
    const { node, clock } = world;
    await Promise.all(Array.from({ length: 20 }, (_, n) => set(node, "mark_timeout_crontab", `${n} * * * *`)));
    await clock.advance(0);
    const { value } = await node.configs.resolve("mark_timeout_crontab");
    expect(await timesOf(world)).toBe(`${value} UTC`);
  });

  it("begins when the store comes back, though it was away at the start", async () => {
    const world = await maintained({ maintenance: false });
    await world.node.drain();
    world.store.goAway();
    const starting = world.join("b", { maintenance: true });
    await starting;
    await world.clock.advance(10_000);
    world.store.comeBack();
    await world.clock.advance(10_000);
    expect(await timesOf(world)).toBe("*/30 * * * * UTC");
  });
});
