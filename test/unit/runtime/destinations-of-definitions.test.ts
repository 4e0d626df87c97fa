import { describe, expect, it } from "vitest";
import { shardOf } from "../../../src/domain/routing.ts";
import { originOf } from "../../../src/domain/webhook/origin.ts";
import { answered } from "../../support/fake-webhooks.ts";
import { SHARDS } from "../../support/node.ts";
import { A, URL_A, aWebhook, dispatching } from "./destinations-given.ts";
import { RARELY, aDefinition, stateOf, trigger } from "./given.ts";

describe("a webhook of a definition", () => {
  it("is the same delivery, wherever its definition lives", async () => {
    const world = await dispatching();
    const { node, webhooks, clock } = world;
    for (let n = 0; n < 8; n++) {
      const definition = await aDefinition(node, { schedule: RARELY, action: aWebhook({ taskType: "report" }) });
      const { id } = await trigger(node, definition, { payload: { n } });
      await clock.advance(0);
      expect(webhooks.ids.at(-1)).toBe(id);
      expect(JSON.parse(webhooks.sent.at(-1)?.body ?? "")).toMatchObject({
        task_type: "report",
        data: { n },
        metadata: { definition_id: definition },
      });
      expect(await stateOf(world, id)).toBe("COMPLETED");
    }
  });

  it("of a shard of another node goes through the one node that has the destination, and holds to its breaker", async () => {
    const world = await dispatching();
    const { node, webhooks, clock, join } = world;
    const other = await join("b");
    await clock.advance(10_000);
    const owners = await node.cluster.shards();
    const owner = owners[shardOf(A, SHARDS)]?.owner;
    expect(new Set(owners.map((shard) => shard.owner)).size).toBe(2);
    const away = owner === "a" ? other : node;
    let underWay = 0;
    let most = 0;
    await node.destinations.update(A, { change: { maxConcurrent: 2 } });
    webhooks.replies(() => null);
    const instances: string[] = [];
    for (let n = 0; n < 12; n++) {
      const definition = await aDefinition(away, { schedule: RARELY, action: aWebhook() });
      instances.push((await trigger(away, definition)).id);
    }
    expect(new Set(instances.map((id) => owners[shardOf(id, SHARDS)]?.owner)).size).toBe(2);
    for (let n = 0; n < 200 && webhooks.sent.length < 12; n++) {
      await clock.advance(100);
      underWay = webhooks.sent.length;
      most = Math.max(most, underWay - n);
      webhooks.sent[n]?.answer(answered(200));
    }
    await clock.advance(1000);
    webhooks.sent.forEach((request) => request.answer(answered(200)));
    await clock.advance(1000);
    expect(webhooks.ids.toSorted()).toEqual(instances.toSorted());
    for (const id of instances) expect(await stateOf(world, id)).toBe("COMPLETED");
    expect(originOf(URL_A)).toBe(A);
  });
});
