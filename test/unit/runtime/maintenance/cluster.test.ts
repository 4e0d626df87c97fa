import { describe, expect, it } from "vitest";
import type { StartedRuntime } from "../../../../src/runtime/index.ts";
import { SHARDS } from "../../../support/node.ts";
import { ledger } from "../given.ts";
import { nameOf, ownerOf, strangerTo } from "../cluster/given.ts";
import { ID, MINUTE_MS, definitionOf, maintainedCluster, reasonsOf, set, timesOf } from "./given.ts";

describe("maintenance on many nodes", () => {
  it("R-132: is registered once, by the owner of its shard", async () => {
    const world = await maintainedCluster(3);
    const made = world.nodes.map((node) => [
      nameOf(node),
      world
        .lineOf(nameOf(node))
        .sent.flatMap(({ definitions }) => definitions)
        .filter(({ id }) => id === ID).length,
    ]);
    const owner = nameOf(ownerOf(world.nodes, ID));
    expect(made).toEqual(world.nodes.map((node) => [nameOf(node), nameOf(node) === owner ? 1 : 0]));
    expect(await definitionOf(world)).toMatchObject({ revision: 1 });
  });

  it("is moved by a change through any node", async () => {
    const world = await maintainedCluster(3);
    for (const [index, node] of world.nodes.entries()) {
      const change = set(node, "mark_timeout_crontab", `${index} * * * *`);
      await world.clock.advance(50);
      await change;
      expect(await timesOf(world)).toBe(`${index} * * * * UTC`);
    }
    expect(await reasonsOf(world, SHARDS)).toHaveLength(3);
  });

  it("runs each time once, whoever is killed, and goes by what was configured meanwhile", async () => {
    const world = await maintainedCluster(3);
    const { clock } = world;
    const living = new Set<StartedRuntime>(world.nodes);
    await clock.advance(31 * MINUTE_MS);
    for (const minute of [40, 55]) {
      const owner = ownerOf([...living], ID);
      const other = strangerTo([...living], ID);
      living.delete(owner);
      await owner.crash();
      const change = set(other, "mark_timeout_crontab", `${minute} * * * *`, `r${minute}`);
      await clock.advance(30_000);
      await change;
      await clock.advance(14.5 * MINUTE_MS);
      expect(await timesOf(world)).toBe(`${minute} * * * * UTC`);
    }
    const rows = await ledger(world, ID);
    expect(
      rows.map(({ outcome, scheduledAt }) => [outcome, new Date(scheduledAt).toISOString().slice(11, 16)]),
    ).toEqual(["00:30", "00:40", "00:55"].map((time) => ["FIRED", time]));
  });
});
