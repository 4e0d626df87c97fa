import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Chaos, OPTIONS, POLICIES, steps } from "./chaos.ts";
import { NO_TIMEOUTS, aDefinition, aNode, aRetry, every, expectSound, instancesOf } from "./given.ts";

describe("whatever callers, workers, nodes and the store do, in whatever order", () => {
  it("rows stay sound, and in the end everything that was accepted has ended and every caller has an answer", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...POLICIES), { minLength: 1, maxLength: 3 }),
        steps,
        async (policies, all) => {
          const { world, end } = await aNode(OPTIONS);
          const timeouts = { ...NO_TIMEOUTS, heartbeatMs: 5000, startToCloseMs: 30_000, cancelGraceMs: 3000 };
          const ids = await Promise.all(
            policies.map((overlapPolicy) =>
              aDefinition(world.node, {
                schedule: every(3000),
                overlapPolicy,
                bufferLimit: 3,
                timeouts,
                retry: aRetry({ maxRetries: 2 }),
              }),
            ),
          );
          const chaos = new Chaos(world, ids);
          for (const step of all) await chaos.step(step);
          await chaos.settle();
          for (const id of ids) {
            await expectSound(world, id);
            expect(
              (await instancesOf(world, id))
                .filter(({ life }) => life.endedAt === null)
                .map(({ state, life }) => [state, life.waitingReason]),
            ).toEqual([]);
          }
          await end();
        },
      ),
      {
        numRuns: Number(process.env["CHAOS_RUNS"] ?? 60),
        seed: Number(process.env["CHAOS_SEED"] ?? 11),
        endOnFailure: true,
      },
    );
  });
});
