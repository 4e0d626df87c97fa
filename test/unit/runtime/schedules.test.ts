import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { OverlapPolicy } from "../../../src/domain/policy/overlap.ts";
import { seededRandom } from "../../support/manual-clock.ts";
import { aSchedule } from "../../support/records.ts";
import {
  NO_TIMEOUTS,
  aDefinition,
  aDiligentWorker,
  aNode,
  every,
  expectSound,
  gaplessEvents,
  given,
  instancesOf,
  ledger,
} from "./given.ts";
import type { Given } from "./given.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Every due time from `from` (exclusive) to `to` has one row, and each fired one its own instance. */
async function expectWholeLedger(world: Given, id: string, from: number, to: number, stepMs: number): Promise<void> {
  const rows = await ledger(world, id);
  const due = Array.from({ length: Math.floor((to - from) / stepMs) }, (_, n) => from + (n + 1) * stepMs);
  expect(rows.map(({ scheduledAt }) => scheduledAt)).toEqual(due);
  const fired = rows.flatMap(({ instanceId }) => instanceId ?? []);
  expect(new Set(fired).size).toBe(fired.length);
  const instances = await instancesOf(world, id);
  expect(instances.map((instance) => instance.id)).toEqual(fired.toSorted());
  expect(instances.map(({ spec }) => spec.scheduledAt)).toEqual(
    rows.filter(({ instanceId }) => instanceId !== null).map(({ scheduledAt }) => scheduledAt),
  );
}

describe("a cron of each second for an hour", () => {
  it("has exactly one row per due time, though nodes crash, commits break off and shards change hands all the time (R-094)", async () => {
    const world = await given();
    const random = seededRandom(11);
    const startAt = world.clock.now();
    const id = await aDefinition(world.node, {
      schedule: aSchedule({ timing: { kind: "cron", expressions: ["* * * * * *"] } }),
      overlapPolicy: "ALLOW_ALL",
      catchUp: { mode: "FIRE_ALL", windowMs: 3600 * SECOND, maxRate: 100 },
      timeouts: { ...NO_TIMEOUTS, heartbeatMs: 20 * SECOND },
    });
    let node = world.node;
    await aDiligentWorker(node);
    for (let n = 0; world.clock.now() < startAt + 60 * MINUTE; n++) {
      const dice = random.integer(10);
      if (dice < 2) world.store.failBeforeCommit(1 + random.integer(3));
      else if (dice < 4) world.store.failAfterCommit(1 + random.integer(3));
      else if (dice === 4) {
        await node.crash();
        node = await world.start(`n${n}`);
        await aDiligentWorker(node);
      } else if (dice === 5) {
        const other = await world.start(`d${n}`);
        await node.drain();
        node = other;
        await aDiligentWorker(node);
      }
      await world.clock.advance(random.integer(60) * SECOND + random.integer(1000));
    }
    await world.clock.advance(30 * SECOND - (world.clock.now() % SECOND));
    const rows = await ledger(world, id);
    await expectWholeLedger(world, id, startAt, rows.at(-1)?.scheduledAt ?? 0, SECOND);
    expect(rows.length).toBeGreaterThanOrEqual(3600);
    expect(new Set(rows.map(({ outcome }) => outcome))).toEqual(new Set(["FIRED"]));
    await expectSound(world, id);
  });

  it("fires each within the second, when nothing goes wrong", async () => {
    const world = await given();
    const startAt = world.clock.now();
    const id = await aDefinition(world.node, {
      schedule: aSchedule({ timing: { kind: "cron", expressions: ["* * * * * *"] } }),
      overlapPolicy: "ALLOW_ALL",
    });
    await aDiligentWorker(world.node);
    await world.clock.advance(10 * MINUTE);
    await expectWholeLedger(world, id, startAt, startAt + 10 * MINUTE, SECOND);
    expect((await instancesOf(world, id)).every(({ createdAt, spec }) => createdAt === spec.scheduledAt)).toBe(true);
  });
});

describe("whatever the overlap policy, and wherever it crashes", () => {
  it("the ledger is whole, counters agree with instances, and every event has its place", async () => {
    const policies: OverlapPolicy[] = [
      "SKIP",
      "BUFFER_ONE",
      "BUFFER_ALL",
      "CANCEL_OTHER",
      "TERMINATE_OTHER",
      "ALLOW_ALL",
    ];
    const step = fc.record({
      kind: fc.constantFrom("turn", "turn", "turn", "crash", "before", "after", "pause", "resume", "trigger", "cancel"),
      ms: fc.integer({ min: 0, max: 15_000 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...policies),
        fc.integer({ min: 0, max: 3 }),
        fc.array(step, { maxLength: 25 }),
        async (overlapPolicy, maxConcurrent, steps) => {
          const { world, end } = await aNode();
          const startAt = world.clock.now();
          const schedule = every(5 * SECOND, { anchorAt: startAt });
          const id = await aDefinition(world.node, {
            schedule,
            overlapPolicy,
            maxConcurrent,
            bufferLimit: 3,
            timeouts: { ...NO_TIMEOUTS, heartbeatMs: 7 * SECOND, cancelGraceMs: 3 * SECOND },
          });
          let node = world.node;
          let crashes = 0;
          const work = () =>
            node.workers.open(
              { queue: "agents", workerId: "lazy", slots: 2, running: [] },
              { assign: () => {}, signal: () => {}, drain: () => {} },
            );
          await work();
          const quietly = (command: Promise<unknown>): void => void command.catch(() => {});
          for (const { kind, ms } of steps) {
            if (kind === "crash") {
              await node.crash();
              node = await world.start(`n${++crashes}`);
              await work();
            } else if (kind === "before") world.store.failBeforeCommit(2);
            else if (kind === "after") world.store.failAfterCommit(2);
            else if (kind === "pause") quietly(node.definitions.pause(id, { reason: "" }));
            else if (kind === "resume") quietly(node.definitions.resume(id, {}));
            else if (kind === "trigger")
              quietly(
                node.definitions.trigger(id, {
                  overrides: { orderingKey: ms % 2 === 0 ? "k" : "" },
                  ignoreOverlap: ms % 3 === 0,
                }),
              );
            else if (kind === "cancel") {
              const first = (await instancesOf(world, id)).find(({ life }) => life.endedAt === null);
              if (first !== undefined)
                quietly(node.instances.cancel(first.id, { reason: "", terminate: ms % 2 === 0 }));
            }
            await world.clock.advance(ms);
          }
          await world.clock.advance(20 * SECOND);
          await expectSound(world, id);
          const rows = await ledger(world, id);
          const due = rows.map((_, n) => startAt + (n + 1) * 5 * SECOND);
          expect(rows.map(({ scheduledAt }) => scheduledAt)).toEqual(due);
          await end();
        },
      ),
      { numRuns: 40, seed: 20260101 },
    );
  });
});

describe("after a downtime", () => {
  it("the catch-up policy decides about each due time, and the ledger says why", async () => {
    for (const [mode, expected] of [
      ["FIRE_LAST", "MISSED MISSED FIRED"],
      ["SKIP", "MISSED MISSED MISSED"],
      ["FIRE_ALL", "FIRED FIRED FIRED"],
    ] as const) {
      const world = await given();
      const id = await aDefinition(world.node, {
        schedule: every(MINUTE, { anchorAt: world.clock.now() }),
        overlapPolicy: "ALLOW_ALL",
        catchUp: { mode, windowMs: 3600 * SECOND, maxRate: 10 },
      });
      await world.clock.advance(SECOND);
      await world.node.crash();
      await world.clock.advance(3 * MINUTE + 20 * SECOND);
      await world.start("b");
      await world.clock.advance(5 * SECOND);
      const rows = await ledger(world, id);
      expect(rows.map(({ outcome }) => outcome).join(" ")).toBe(expected);
      expect(rows.every(({ reason }) => reason !== "")).toBe(true);
      await world.clock.advance(MINUTE);
      expect((await ledger(world, id)).at(-1)).toMatchObject({ outcome: "FIRED", reason: "" });
      await expectSound(world, id);
    }
  });
});

describe("10,000 definitions that are due at once", () => {
  it("are all fired, each once, in a few commits", async () => {
    const world = await given({ readAheadLimit: 3000 });
    const { node, clock } = world;
    const schedule = aSchedule({ timing: { kind: "at", at: clock.now() + MINUTE } });
    const ids: string[] = [];
    for (let n = 0; n < 20; n++) {
      ids.push(...(await Promise.all(Array.from({ length: 500 }, () => aDefinition(node, { schedule })))));
    }
    // They leave the memory until shortly before.
    await clock.advance(40 * SECOND);
    expect(node.status().residents).toBe(0);
    const before = world.store.sent.length;
    await clock.advance(20 * SECOND);
    expect(world.store.sent.length - before).toBeLessThan(100);
    const instances = await world.store.queries.listInstances({}, null, 100_000);
    expect(new Set(instances.map(({ spec }) => spec.definitionId)).size).toBe(10_000);
    expect(instances).toHaveLength(10_000);
    expect(instances.every(({ createdAt }) => createdAt === clock.now())).toBe(true);
    await gaplessEvents(world);
    await expectSound(world, ids[7] ?? "");
  });
});
