/**
 * What the retention cleanup costs those who work meanwhile: `npm run bench:cleanup`. Prints figures; judges nothing but the counts.
 *
 * The database holds a million finished instances that are too old, 100,000 that are not, and 10,000 old ones that never finished. Beside them instances are
 * created at a steady rate, run by a worker and completed, while the cleanup removes everything that is old. It is made to stand still every other window of some
 * seconds: so both are measured in one run, whatever else the machine does. Then the same as fast as it goes, while another cleanup removes what is older than
 * 20 days: a fifth as many.
 *
 * `BENCH_COUNT` old instances (default 1,000,000), `BENCH_RATE` a second (default 500), `BENCH_WINDOW_S` seconds of a window (default 4).
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { JsonObject } from "../src/domain/json.ts";
import type { Clock } from "../src/ports/clock.ts";
import { cleanupJob } from "../src/runtime/jobs/cleanup-job.ts";
import { DEFAULT_RUNTIME_OPTIONS } from "../src/runtime/index.ts";
import { systemClock } from "../src/system/clock.ts";
import { whatIsLeft, writeHistory } from "../test/support/history.ts";
import { benchSpec, megabytes, openBenchNode } from "./node.ts";
import { percentile } from "./statistics.ts";

const COUNT = Number(process.env["BENCH_COUNT"] ?? 1_000_000);
const YOUNG = COUNT / 10;
const RATE = Number(process.env["BENCH_RATE"] ?? 500);
const WINDOW_MS = Number(process.env["BENCH_WINDOW_S"] ?? 4) * 1000;
/** Of each kind, at least. */
const WINDOWS = 5;
const UNFINISHED = 10_000;
const OCCURRENCES = 5000;
const IN_FLIGHT = 64;
const TICK_MS = 10;
const DAY_MS = 86_400_000;

const now = Date.now();
let youngEvents = 0;
const bench = await openBenchNode({
  // A machine that others work on too stands still now and then; what is measured is not who has the shards then.
  options: { leaseTtlMs: 60_000 },
  prepare: fill,
});

async function fill(url: string): Promise<void> {
  const from = performance.now();
  const { shardCount } = DEFAULT_RUNTIME_OPTIONS;
  const common = { url, shardCount, occurrences: OCCURRENCES };
  const days = (first: number, last: number) => ({ from: now - first * DAY_MS, until: now - last * DAY_MS });
  await writeHistory({ ...common, ...days(60, 31), name: "old", finished: COUNT, unfinished: UNFINISHED });
  await writeHistory({ ...common, ...days(29, 21), name: "getting old", finished: COUNT / 5, unfinished: 0 });
  youngEvents = await writeHistory({ ...common, ...days(19, 1), name: "young", finished: YOUNG, unfinished: 0 });
  console.log(`filled in ${seconds(performance.now() - from)}`);
}
const { node, store } = bench;
const latencies: number[] = [];
const started = new Map<string, number>();
let completed = 0;
let created = 0;

const ids = await Promise.all(
  Array.from({ length: 20 }, async () => {
    const spec = benchSpec({ kind: "every", intervalMs: DAY_MS, fixedDelay: false });
    return (await node.definitions.create({ spec, startPaused: false })).definition.id;
  }),
);
const session = await node.workers.open(
  { queue: "bench", workerId: "w", slots: 1000, running: [] },
  {
    assign: (assignments) => assignments.forEach(({ token, instance }) => void complete(token, instance.id)),
    signal: () => {},
    drain: () => {},
  },
);

async function complete(token: string, id: string): Promise<void> {
  await node.workers.complete(token, null);
  completed++;
  const from = started.get(id);
  if (from !== undefined) {
    latencies.push(performance.now() - from);
    started.delete(id);
  }
}

async function trigger(): Promise<void> {
  const from = performance.now();
  const id = ids[created++ % ids.length] as string;
  const { instance } = await node.definitions.trigger(id, { overrides: {}, ignoreOverlap: false });
  // The worker may have been quicker than the answer.
  if (instance.state === "COMPLETED") {
    latencies.push(performance.now() - from);
  } else {
    started.set(instance.id, from);
  }
}

/** Creates instances at the rate, until it is told to stop. */
async function steadily(stop: AbortSignal): Promise<void> {
  const from = performance.now();
  const made: Promise<void>[] = [];
  while (!stop.aborted) {
    const due = Math.floor(((performance.now() - from) * RATE) / 1000);
    while (made.length < due) made.push(trigger());
    await sleep(TICK_MS);
  }
  await Promise.all(made);
}

/** Creates the next as soon as one is there. */
async function asFastAsItGoes(stop: AbortSignal): Promise<void> {
  const one = async (): Promise<void> => {
    while (!stop.aborted) await trigger();
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, one));
}

/** A cleanup that stands still between two of its batches when it is told to. */
function startCleanup() {
  let goOn = Promise.withResolvers<void>();
  const clock: Clock = {
    ...systemClock,
    sleep: async (ms, signal) => {
      await systemClock.sleep(ms, signal);
      await goOn.promise;
    },
  };
  const job = cleanupJob({
    clock,
    store,
    configs: () => node.configs,
    instances: () => node.instances,
    shardCount: DEFAULT_RUNTIME_OPTIONS.shardCount,
    publishes: false,
  });
  const steps: { readonly step: string; readonly at: number }[] = [{ step: "instances", at: 0 }];
  let workedMs = 0;
  let wentOnAt = 0;
  let result: JsonObject | undefined;
  const worked = (): number => workedMs + (wentOnAt === 0 ? 0 : performance.now() - wentOnAt);
  const begin = async (): Promise<void> => {
    const removed = await job({
      instanceId: "bench",
      payload: {},
      told: {},
      signal: new AbortController().signal,
      tell: async ({ step }) => {
        if (steps.at(-1)?.step !== step) steps.push({ step, at: worked() });
      },
    });
    steps.push({ step: "", at: worked() });
    result = removed;
  };
  return {
    goOn: () => {
      if (workedMs === 0) void begin();
      wentOnAt = performance.now();
      goOn.resolve();
    },
    standStill: () => {
      workedMs = worked();
      wentOnAt = 0;
      goOn = Promise.withResolvers();
    },
    isOver: () => result !== undefined,
    report: () => {
      const took = steps
        .slice(0, -1)
        .map(({ step, at }, index) => `${step} ${seconds((steps[index + 1]?.at ?? 0) - at)}`);
      return `${took.join(", ")}; ${JSON.stringify(result)}`;
    },
  };
}

async function compared(name: string, load: (stop: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const loading = load(stop.signal);
  const cleanup = startCleanup();
  const windows = { alone: aMeasurement(), beside: aMeasurement() };
  await sleep(WINDOW_MS);
  for (let window = 0; !cleanup.isOver() || window < 2 * WINDOWS; window++) {
    const { latencies: measured, perSecond } = window % 2 === 0 ? windows.alone : windows.beside;
    if (window % 2 === 1) cleanup.goOn();
    latencies.length = 0;
    const before = completed;
    const from = performance.now();
    // The last one ends with the cleanup.
    while (performance.now() - from < WINDOW_MS && (window % 2 === 0 || !cleanup.isOver())) await sleep(TICK_MS);
    if (window % 2 === 1 && cleanup.isOver()) break;
    perSecond.push(((completed - before) * 1000) / (performance.now() - from));
    measured.push(...latencies);
    if (window % 2 === 1) cleanup.standStill();
  }
  stop.abort();
  await loading;
  while (completed < created) await sleep(TICK_MS);
  for (const [kind, { latencies: measured, perSecond }] of Object.entries(windows)) {
    const ms = (share: number): string => percentile(measured, share).toFixed(1);
    console.log(
      `${`${name}, ${kind}`.padEnd(28)} ${mean(perSecond).toFixed(1).padStart(8)} /s in ${perSecond.length} windows; p50 ${ms(0.5)} ms, p99 ${ms(0.99)} ms`,
    );
  }
  console.log(
    `  ratio ${(mean(windows.beside.perSecond) / mean(windows.alone.perSecond)).toFixed(3)}; ${megabytes()} MB`,
  );
  console.log(`  removed in ${cleanup.report()}`);
}

function aMeasurement(): { readonly latencies: number[]; readonly perSecond: number[] } {
  return { latencies: [], perSecond: [] };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

await compared(`${RATE}/s`, steadily);
await node.configs.set({ scope: "GLOBAL", userId: "", key: "retention_days" }, { value: 20, changedBy: "bench" });
await compared("as fast as it goes", asFastAsItGoes);
const found = await whatIsLeft(bench.url);
const wanted = {
  finished: YOUNG,
  unfinished: UNFINISHED,
  others: created,
  attempts: YOUNG + UNFINISHED + created,
  occurrences: 20 * OCCURRENCES,
  events: youngEvents,
};
console.log(
  JSON.stringify(found) === JSON.stringify(wanted)
    ? "exactly what was old is gone"
    : `WRONG: ${JSON.stringify({ found, wanted })}`,
);
session.close();
await bench.close();
