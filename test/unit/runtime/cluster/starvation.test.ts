import { describe, expect, it } from "vitest";
import type { StartedRuntime } from "../../../../src/runtime/index.ts";
import { trigger } from "../given.ts";
import { aBusyWorker } from "./busy-worker.ts";
import { aCluster, aDefinitionOf } from "./given.ts";

/** Whoever is passed over so often is next; notices that are on their way cost some more. */
const BOUND = 32 + 8;

describe("what is less urgent and waits on another node", () => {
  it.each(["here", "there"] as const)(
    "is not passed over for ever by more urgent instances that wait %s",
    async (where) => {
      const { nodes, clock } = await aCluster(2);
      const [lender, owner] = nodes as [StartedRuntime, StartedRuntime];
      const [urgentNode, lowNode] = where === "here" ? [lender, owner] : [owner, lender];
      const urgent = await aDefinitionOf(urgentNode);
      const low = await aDefinitionOf(lowNode);
      for (let n = 0; n < 5 * BOUND; n++) await trigger(urgentNode, urgent, { priority: 1 });
      const worker = await aBusyWorker(lender, { slots: 1, workMs: 10, clock });
      await clock.advance(500);
      const before = worker.given.length;
      const waits = await trigger(lowNode, low, { priority: 4 });
      await clock.advance(3 * BOUND * 30);
      await worker.rest();
      const passed = worker.given.findIndex(({ instance }) => instance.id === waits.id) - before;
      expect(passed).toBeGreaterThan(5);
      expect(passed).toBeLessThan(BOUND);
    },
  );
});
