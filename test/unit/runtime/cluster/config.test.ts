import { describe, expect, it } from "vitest";
import { configId } from "../../../../src/domain/config/config-place.ts";
import { shardOf } from "../../../../src/domain/routing.ts";
import type { GivenPlace, StartedRuntime } from "../../../../src/runtime/index.ts";
import { SHARDS } from "../../../support/node.ts";
import { aCluster } from "./given.ts";
import type { GivenCluster } from "./given.ts";

const LI = { changedBy: "li" };
const RETENTION = { scope: "GLOBAL", userId: "", key: "retention_days" } as const satisfies GivenPlace;

/** The node that decides about a place, and one that does not. */
function around({ nodes }: GivenCluster): { readonly owner: StartedRuntime; readonly other: StartedRuntime } {
  const shard = shardOf(configId(RETENTION), SHARDS);
  const owner = nodes.find((node) => node.status().ownedShards.includes(shard));
  const other = nodes.find((node) => node !== owner);
  if (owner === undefined || other === undefined) throw new Error("the shard has no owner");
  return { owner, other };
}

describe("configuration on many nodes (R-131)", () => {
  it("is set through any node, and holds on all of them when that has answered", async () => {
    const { nodes, clock } = await aCluster(3);
    for (const [index, node] of nodes.entries()) {
      const set = node.configs.set(RETENTION, { ...LI, value: 60 + index });
      await clock.advance(10);
      await set;
      const resolved = await Promise.all(nodes.map(({ configs }) => configs.resolve("retention_days", "u1")));
      expect(resolved).toEqual(nodes.map(() => ({ value: 60 + index, source: "GLOBAL" })));
    }
    expect((await nodes[0]?.configs.get(RETENTION))?.changes.map(({ after }) => after)).toEqual([62, 61, 60]);
  });

  it("is checked where it is asked for, and refused as by the owner", async () => {
    const cluster = await aCluster(2);
    const { other } = around(cluster);
    await expect(other.configs.set(RETENTION, { ...LI, value: 0 })).rejects.toMatchObject({ reason: "INVALID_FIELD" });
    const [stale] = await Promise.allSettled([
      other.configs.set(RETENTION, { ...LI, value: 60, etag: "7" }),
      cluster.clock.advance(10),
    ]);
    expect(stale).toMatchObject({ status: "rejected", reason: { reason: "ETAG_MISMATCH", metadata: { etag: "" } } });
  });

  it("outlives the node that decided, and changes go on where they were", async () => {
    const cluster = await aCluster(2);
    const { owner, other } = around(cluster);
    await owner.configs.set(RETENTION, { ...LI, value: 60 });
    await owner.crash();
    const set = other.configs.set(RETENTION, { ...LI, value: 61, requestId: "r1" });
    await cluster.clock.advance(8000);
    expect(await set).toMatchObject({ value: 61, record: { revision: 2 } });
    expect((await other.configs.get(RETENTION)).changes.map(({ before, after }) => [before, after])).toEqual([
      [60, 61],
      [null, 60],
    ]);
  });

  it("is not changed by what was read before the shard went to another node", async () => {
    const cluster = await aCluster(2);
    const { owner, other } = around(cluster);
    const { nodeId } = owner.status();
    const line = cluster.lineOf(nodeId);
    line.hang("actorStates.load", { afterwards: true });
    const early = owner.configs.set(RETENTION, { ...LI, value: 60, requestId: "early" });
    await cluster.clock.advance(10);
    await cluster.stall(nodeId, 6000);
    const late = other.configs.set(RETENTION, { ...LI, value: 61, requestId: "late" });
    await cluster.clock.advance(1000);
    expect(await late).toMatchObject({ record: { revision: 1 } });
    line.mend();
    await cluster.clock.advance(8000);
    expect(await early).toMatchObject({ value: 60, record: { revision: 2 } });
    expect((await other.configs.get(RETENTION)).changes.map(({ before, after }) => [before, after])).toEqual([
      [61, 60],
      [null, 61],
    ]);
  });

  it("tells of a change on the node that decided it", async () => {
    const cluster = await aCluster(2);
    const { owner, other } = around(cluster);
    const heard: string[] = [];
    for (const node of [owner, other]) {
      node.configs.onChange(({ key }) => heard.push(`${key} on ${node === owner ? "the owner" : "another"}`));
    }
    const set = other.configs.set(RETENTION, { ...LI, value: 60 });
    await cluster.clock.advance(10);
    await set;
    expect(heard).toEqual(["retention_days on the owner"]);
  });
});
