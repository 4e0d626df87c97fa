import { expect, it } from "vitest";
import { CLEANUP } from "../../../../src/domain/maintenance/configured-maintenance.ts";
import { aDefinition, aDiligentWorker, instancesOf, ledger, trigger } from "../given.ts";
import { MINUTE_MS, definitionOf, maintained, set, timesOf } from "./given.ts";

it("R-130, R-132, R-135: the cleanup registers itself, and runs at 02:00 as an instance of the module belfry that says what it removed", async () => {
  const world = await maintained();
  const { node, clock } = world;
  expect(await timesOf(world, CLEANUP.id)).toBe("0 2 * * * UTC");
  expect(await definitionOf(world, CLEANUP.id)).toMatchObject({ spec: { labels: { module: "belfry" } } });
  await set(node, "mark_timeout_enabled", false);
  await set(node, "retention_days", 1);
  const definitionId = await aDefinition(node);
  await aDiligentWorker(node);
  await trigger(node, definitionId);
  await clock.advance(121 * MINUTE_MS);
  expect(await instancesOf(world, definitionId)).toHaveLength(1);

  clock.setWall(Date.UTC(2026, 0, 2, 1, 59));
  await clock.advance(2 * MINUTE_MS);
  expect(await instancesOf(world, definitionId)).toEqual([]);
  const runs = await instancesOf(world, CLEANUP.id);
  expect(runs.map(({ state, spec, life }) => [state, spec.labels, life.result?.["instances"]])).toEqual([
    ["COMPLETED", { module: "belfry" }, 0],
    ["COMPLETED", { module: "belfry" }, 1],
  ]);
  expect((await ledger(world, CLEANUP.id)).map(({ outcome, scheduledAt }) => [outcome, scheduledAt])).toEqual([
    ["FIRED", Date.UTC(2026, 0, 1, 2)],
    ["FIRED", Date.UTC(2026, 0, 2, 2)],
  ]);
});

it("R-130: a cleanup that does not run by itself runs when it is triggered", async () => {
  const world = await maintained();
  const { node, clock } = world;
  await set(node, "cleanup_enabled", false);
  await clock.advance(121 * MINUTE_MS);
  expect(await instancesOf(world, CLEANUP.id)).toEqual([]);
  await node.definitions.trigger(CLEANUP.id, { ignoreOverlap: false, overrides: {} });
  await clock.advance(MINUTE_MS);
  expect((await instancesOf(world, CLEANUP.id)).map(({ state }) => state)).toEqual(["COMPLETED"]);
});
