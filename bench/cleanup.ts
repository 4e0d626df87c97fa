/**
 * What the retention cleanup costs those who work meanwhile: `npm run bench:cleanup`. Prints figures; judges nothing but the counts.
 *
 * The database holds a million finished instances that are too old, 100,000 that are not, and 10,000 old ones that never finished. Beside them instances are
 * created at a steady rate, run by a worker and completed: for a while alone, while the cleanup removes everything that is old, and alone again. Then the same
 * as fast as it goes, while another cleanup removes what is older than 20 days: a second million.
 *
 * `BENCH_COUNT` old instances (default 1,000,000), `BENCH_RATE` a second (default 500), `BENCH_ALONE_S` seconds alone (default 20).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { cleanupJob } from "../src/runtime/jobs/cleanup-job.ts";
import { DEFAULT_RUNTIME_OPTIONS } from "../src/runtime/index.ts";
import { systemClock } from "../src/system/clock.ts";
import { whatIsLeft, writeHistory } from "../test/support/history.ts";
import { benchSpec, megabytes, openBenchNode } from "./node.ts";
import { percentile } from "./statistics.ts";

const COUNT = Number(process.env["BENCH_COUNT"] ?? 1_000_000);
const YOUNG = COUNT / 10;
const RATE = Number(process.env["BENCH_RATE"] ?? 500);
const ALONE_S = Number(process.env["BENCH_ALONE_S"] ?? 20);
const UNFINISHED = 10_000;
const OCCURRENCES = 5000;
const IN_FLIGHT = 64;
const TICK_MS = 10;
const DAY_MS = 86_400_000;

const now = Date.now();
let youngEvents = 0;
const bench = await openBenchNode(async (url) => {
  const from = performance.now();
  const { shardCount } = DEFAULT_RUNTIME_OPTIONS;
  const common = { url, shardCount, occurrences: OCCURRENCES };
  const days = (from: number, until: number) => ({ from: now - from * DAY_MS, until: now - until * DAY_MS });
  await writeHistory({ ...common, ...days(60, 31), name: "old", finished: COUNT, unfinished: UNFINISHED });
  await writeHistory({ ...common, ...days(29, 21), name: "getting old", finished: COUNT, unfinished: 0 });
  youngEvents = await writeHistory({ ...common, ...days(19, 1), name: "young", finished: YOUNG, unfinished: 0 });
  console.log(`filled in ${seconds(performance.now() - from)}`);
});
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
  const under: Promise<void>[] = [];
  for (let made = 0; !stop.aborted;) {
    const due = Math.floor(((performance.now() - from) * RATE) / 1000);
    for (; made < due; made++) under.push(trigger());
    await sleep(TICK_MS);
  }
  await Promise.all(under);
}

/** Creates the next as soon as one is there. */
async function asFastAsItGoes(stop: AbortSignal): Promise<void> {
  const one = async (): Promise<void> => {
    while (!stop.aborted) await trigger();
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, one));
}

/**
 * @param whileOf resolves when it is enough.
 * @returns completed a second.
 */
async function phase(
  name: string,
  load: (stop: AbortSignal) => Promise<void>,
  whileOf: () => Promise<unknown>,
): Promise<number> {
  latencies.length = 0;
  const stop = new AbortController();
  const before = completed;
  const from = performance.now();
  const loading = load(stop.signal);
  await whileOf();
  const tookMs = performance.now() - from;
  const perSecond = ((completed - before) * 1000) / tookMs;
  stop.abort();
  await loading;
  await settled();
  const ms = (share: number): string => percentile(latencies, share).toFixed(1);
  console.log(
    `${name.padEnd(42)} ${perSecond.toFixed(1).padStart(8)} /s for ${seconds(tookMs)}; p50 ${ms(0.5)} ms, p99 ${ms(0.99)} ms, most ${ms(1)} ms; ${megabytes()} MB`,
  );
  return perSecond;
}

async function settled(): Promise<void> {
  while (completed < created) await sleep(TICK_MS);
}

async function compared(name: string, load: (stop: AbortSignal) => Promise<void>): Promise<void> {
  const before = await phase(`${name}, alone`, load, alone);
  const beside = await phase(`${name}, beside the cleanup`, load, cleanup);
  const after = await phase(`${name}, alone again`, load, alone);
  console.log(`ratio beside / alone: ${((2 * beside) / (before + after)).toFixed(3)}`);
}

async function cleanup(): Promise<void> {
  let tells = 0;
  const job = cleanupJob({
    clock: systemClock,
    store,
    configs: node.configs,
    instances: node.instances,
    shardCount: DEFAULT_RUNTIME_OPTIONS.shardCount,
    publishes: false,
  });
  let step = "";
  let at = performance.now();
  const result = await job({
    instanceId: "bench",
    payload: {},
    told: {},
    signal: new AbortController().signal,
    tell: async (progress) => {
      tells++;
      if (progress.step !== step) {
        if (step !== "") console.log(`  ${step}: ${seconds(performance.now() - at)}`);
        step = progress.step;
        at = performance.now();
      }
    },
  });
  console.log(`  ${step}: ${seconds(performance.now() - at)}; told ${tells} times; removed ${JSON.stringify(result)}`);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

const alone = (): Promise<void> => sleep(ALONE_S * 1000);
await phase("warming up", steadily, () => sleep(5000));
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
