/**
 * A cleanup while everything else goes on: what is gone afterwards, counted. No time is judged here; what it costs the others is measured by
 * `npm run bench:cleanup`.
 */
import { expect, test } from "vitest";
import { benchSpec } from "../../../bench/node.ts";
import { createInProcessNetwork } from "../../../src/bus/in-process/network.ts";
import { cleanupJob } from "../../../src/runtime/jobs/cleanup-job.ts";
import { DEFAULT_RUNTIME_OPTIONS, startRuntime } from "../../../src/runtime/index.ts";
import { migrate, openPostgresStore } from "../../../src/store/index.ts";
import { systemClock } from "../../../src/system/clock.ts";
import { createIds } from "../../../src/system/ids.ts";
import { systemRandom } from "../../../src/system/random.ts";
import { whatIsLeft, writeHistory } from "../../support/history.ts";
import { recordingLog } from "../../support/log.ts";
import { startTestPostgres } from "../../support/postgres.ts";

const OLD = 20_000;
const YOUNG = 3000;
const UNFINISHED = 500;
/** Of each of the 20 definitions that history is of. */
const OCCURRENCES = 100;
const CALLERS = 16;
const BATCH = 100;
const SHARDS = 16;
const DAY_MS = 86_400_000;

test(
  "R-130: a cleanup beside running instances removes exactly what finished long ago, and what runs is completed, each once",
  { timeout: 300_000 },
  async () => {
    const postgres = await startTestPostgres();
    await using stack = new AsyncDisposableStack();
    stack.defer(() => postgres.stop());
    const url = await postgres.createDatabase();
    const log = recordingLog();
    await migrate(url, log);
    const store = await openPostgresStore({ url, log });
    stack.defer(() => store.close());
    await store.shards.prepare(SHARDS);
    const now = systemClock.now();
    const past = (name: string, from: number, until: number, finished: number, unfinished: number) =>
      writeHistory({
        url,
        shardCount: SHARDS,
        name,
        finished,
        unfinished,
        occurrences: OCCURRENCES,
        from: now - from * DAY_MS,
        until: now - until * DAY_MS,
      });
    const oldEvents = await past("old", 90, 31, OLD, UNFINISHED);
    const youngEvents = await past("young", 29, 1, YOUNG, 0);

    const node = startRuntime({
      bus: createInProcessNetwork().endpoint("a"),
      store,
      clock: systemClock,
      ids: createIds(systemClock),
      random: systemRandom,
      log,
      options: { ...DEFAULT_RUNTIME_OPTIONS, nodeId: "a", shardCount: SHARDS },
    });
    stack.defer(() => node.drain());
    await node.ready();
    const completions: string[] = [];
    await node.workers.open(
      { queue: "bench", workerId: "w", slots: 200, running: [] },
      {
        assign: (assignments) => {
          for (const { token, instance } of assignments) {
            void node.workers.complete(token, null).then(() => completions.push(instance.id));
          }
        },
        signal: () => {},
        drain: () => {},
      },
    );
    const spec = benchSpec({ kind: "every", intervalMs: DAY_MS, fixedDelay: false });
    const { definition } = await node.definitions.create({ spec, startPaused: false });

    const created = new Set<string>();
    let isOver = false;
    const caller = async (): Promise<void> => {
      while (!isOver) {
        const { instance } = await node.definitions.trigger(definition.id, { overrides: {}, ignoreOverlap: false });
        created.add(instance.id);
      }
    };
    const callers = Array.from({ length: CALLERS }, caller);
    await expect.poll(() => completions.length, { timeout: 60_000 }).toBeGreaterThan(0);
    await node.configs.set(
      { scope: "GLOBAL", userId: "", key: "cleanup_batch_size" },
      { value: BATCH, changedBy: "test" },
    );
    const before = completions.length;
    const steps = new Set<string>();
    const job = cleanupJob({
      clock: systemClock,
      store,
      configs: () => node.configs,
      instances: () => node.instances,
      shardCount: SHARDS,
      publishes: false,
    });
    const result = await job({
      instanceId: "cleanup",
      payload: {},
      told: {},
      signal: new AbortController().signal,
      tell: async ({ step }) => {
        steps.add(step);
      },
    });
    const during = completions.length - before;
    isOver = true;
    await Promise.all(callers);
    await expect.poll(() => completions.length, { timeout: 60_000 }).toBe(created.size);

    expect(result).toEqual({ instances: OLD, executions: 0, occurrences: 20 * OCCURRENCES, events: oldEvents });
    expect(await whatIsLeft(url)).toEqual({
      finished: YOUNG,
      unfinished: UNFINISHED,
      others: created.size,
      attempts: YOUNG + UNFINISHED + created.size,
      occurrences: 20 * OCCURRENCES,
      events: youngEvents,
    });
    expect(new Set(completions)).toEqual(created);
    // Nobody stood still meanwhile: that is two hundred batches.
    expect(during).toBeGreaterThan(OLD / BATCH);
    expect(node.status()).toMatchObject({ ready: true, uncommitted: 0 });
    const counters = (await store.queries.getDefinition(definition.id))?.supervisor.supervision.counters;
    expect(counters).toMatchObject({ created: created.size, completed: created.size, active: 0 });
    console.log(`${during} instances were completed while ${OLD} were removed`);
  },
);
