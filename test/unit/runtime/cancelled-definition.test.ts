import { describe, expect, it } from "vitest";
import { aWorker } from "../../support/node.ts";
import { aDefinition, expectSound, given, stateOf, trigger } from "./given.ts";

describe("instances that wait for their turn when their definition is cancelled", () => {
  for (const cancelRunning of [true, false]) {
    it(`never start, whatever the running one does (cancel_running ${cancelRunning})`, async () => {
      const world = await given();
      const { node, clock, store } = world;
      const id = await aDefinition(node, { overlapPolicy: "BUFFER_ALL", bufferLimit: 10 });
      const worker = await aWorker(node, { slots: 5 });
      const running = await trigger(node, id);
      const waiting = [await trigger(node, id), await trigger(node, id)];
      await clock.advance(100);
      const hold = store.holdCommits();
      const cancelled = node.definitions.cancel(id, { reason: "", cancelRunning, terminate: true });
      await clock.advance(10);
      // It ends after the definition was cancelled, and before those who wait are told.
      const completed = node.workers.complete(worker.assignments[0]?.token ?? "", null);
      await clock.advance(10);
      hold.release();
      await clock.advance(1000);
      await Promise.all([cancelled, completed]);
      expect(await stateOf(world, running.id)).toBe("COMPLETED");
      for (const { id: each } of waiting) expect(await stateOf(world, each)).toBe("CANCELLED");
      expect(worker.assignments).toHaveLength(1);
      await expectSound(world, id);
    });
  }
});
