/** Whatever receivers, networks and nodes do: nothing that was taken is lost, and no destination gets more than it may. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFinal } from "../../../../src/domain/instance/instance.ts";
import { dispatchDefinitionId } from "../../../../src/domain/webhook/origin.ts";
import { expectSound, gaplessEvents, instancesOf } from "../given.ts";
import { makeDispatchingCluster } from "./destinations-given.ts";
import { Play } from "./destinations-play.ts";
import { ORIGINS, steps } from "./destinations-steps.ts";
import type { Step } from "./destinations-steps.ts";

async function play(taken: readonly Step[], count: number, checks: boolean): Promise<void> {
  const { cluster, end } = await makeDispatchingCluster(count);
  try {
    const game = new Play(cluster, checks);
    await game.begin();
    for (const each of taken) await game.take(each);
    await game.end();
    expect(game.excesses).toEqual([]);
    const ended = new Set<string>();
    for (const id of [...game.definitions, ...ORIGINS.map(dispatchDefinitionId)]) {
      const instances = await instancesOf(cluster, id);
      for (const { id: each, state, life } of instances) {
        expect({ each, state, why: life.waitingReason }).toEqual({ each, state: expect.toSatisfy(isFinal), why: null });
        ended.add(each);
        // What is said to be done was taken.
        if (state === "COMPLETED") expect(game.receivers.got.get(each) ?? 0).toBeGreaterThan(0);
      }
      if (instances.length > 0) await expectSound(cluster, id);
    }
    for (const id of game.accepted) expect(ended.has(id)).toBe(true);
    expectShutMeansShut(await gaplessEvents(cluster));
    expect(cluster.log.lines.filter(({ level }) => level === "error")).toEqual([]);
  } finally {
    await end();
  }
}

/** What the log of events says was started while its destination was shut, was given back: it did not count, and nobody heard of it. */
function expectShutMeansShut(events: Awaited<ReturnType<typeof gaplessEvents>>): void {
  for (const origin of ORIGINS) {
    let isShut = false;
    const doubtful = new Set<string>();
    for (const { resource, resourceId, name, data } of events) {
      if (resource === "destination" && resourceId === origin) {
        isShut = SHUTS.has(name) || (isShut && !OPENS.has(name));
      } else if (data["definitionId"] === dispatchDefinitionId(origin)) {
        if (name === "started" && isShut) doubtful.add(resourceId);
        else if (doubtful.delete(resourceId) && GONE_OUT.has(name))
          expect.fail(`${resourceId} went to ${origin}, which was shut: ${name}`);
      }
    }
  }
}

const SHUTS: ReadonlySet<string> = new Set(["breaker_opened", "breaker_isolated", "disabled"]);
const OPENS: ReadonlySet<string> = new Set(["breaker_half_opened", "breaker_closed", "enabled"]);
const GONE_OUT: ReadonlySet<string> = new Set(["completed", "retrying", "failed", "delivered"]);

/** The limits are looked at only while each destination stays where it is. */
async function playAny({
  nodes,
  withFaults,
  seed,
}: {
  nodes: number;
  withFaults: boolean;
  seed: number;
}): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(steps(withFaults), { minLength: 5, maxLength: 60, size: "max" }), (taken) =>
      play(taken, nodes, !withFaults),
    ),
    { seed, numRuns: 15, endOnFailure: true },
  );
}

describe("destinations", () => {
  it("of one node get no more than they may, and lose nothing, whatever receivers do", async () => {
    await expect(playAny({ nodes: 1, withFaults: false, seed: 11 })).resolves.toBeUndefined();
  });

  it("of two nodes get no more than they may, and lose nothing, whatever receivers do", async () => {
    await expect(playAny({ nodes: 2, withFaults: false, seed: 12 })).resolves.toBeUndefined();
  });

  it("of nodes that die, stall, drain and do not hear each other lose nothing", async () => {
    await expect(playAny({ nodes: 3, withFaults: true, seed: 13 })).resolves.toBeUndefined();
  });
});
