import { describe, expect, it } from "vitest";
import { dispatchDefinitionId } from "../../../src/domain/webhook/origin.ts";
import type { InstanceRecord } from "../../../src/domain/instance/instance.ts";
import { answered } from "../../support/fake-webhooks.ts";
import { dispatch, dispatching } from "./destinations-given.ts";
import { expectSound, instancesOf } from "./given.ts";

describe("the first dispatches to a destination", () => {
  it("are all of one definition, also when one comes in the moment in which it is made, and its row is read after that", async () => {
    const world = await dispatching();
    const { node, clock, store, webhooks } = world;
    webhooks.replies(() => null);
    const { loadDefinitions } = store.actors;
    for (let moment = 0; moment < 30; moment++) {
      const origin = `https://new${moment}.example.com`;
      const one = (): Promise<InstanceRecord> => dispatch(node, { action: { url: `${origin}/hook` } });
      await node.destinations.get(origin);
      const made: Promise<InstanceRecord>[] = [];
      let reads = 0;
      Object.assign(store.actors, {
        loadDefinitions: async (ids: readonly string[]) => {
          reads++;
          if (reads > 1) await clock.sleep(5);
          const rows = await loadDefinitions(ids);
          if (reads === 1) void later(moment).then(() => made.push(one()));
          return rows;
        },
      });
      made.push(one());
      await clock.advance(3);
      made.push(one());
      await clock.advance(10);
      made.push(one());
      await clock.advance(10);
      expect(new Set((await Promise.all(made)).map(({ id }) => id)).size).toBe(4);
      // What was made of the one activation ends with it.
      for (const request of webhooks.sent.splice(0)) {
        request.answer(answered(200));
        await clock.advance(1);
      }
      expect(await instancesOf(world, dispatchDefinitionId(origin))).toHaveLength(4);
      await expectSound(world, dispatchDefinitionId(origin));
    }
  });
});

async function later(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
}
