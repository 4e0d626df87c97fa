import { expect, it } from "vitest";
import { aWorkerSpec } from "../../support/node.ts";
import { given, trigger } from "./given.ts";

it("an instance is not started anew for another definition that is called like its own was", async () => {
  const world = await given();
  const { node, clock } = world;
  await node.definitions.create({ id: "mine", spec: aWorkerSpec(), startPaused: false });
  const instance = await trigger(node, "mine");
  await node.instances.cancel(instance.id, { reason: "", terminate: true });
  await node.definitions.delete("mine", {});
  await clock.advance(60_000);
  await node.definitions.create({ id: "mine", spec: aWorkerSpec(), startPaused: false });
  await expect(node.instances.retry(instance.id, {})).rejects.toMatchObject({ reason: "DEFINITION_NOT_FOUND" });
  expect((await trigger(node, "mine")).state).toBe("PENDING");
  expect((await world.store.queries.getDefinition("mine"))?.supervisor.supervision.counters.active).toBe(1);
});
