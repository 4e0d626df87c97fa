/**
 * What actors cost in the node's memory: `node --expose-gc bench/memory.ts`. Heap after collection, divided by how many there are: definitions
 * that wait for next month (in the store), definitions in memory, instances that run. Prints figures; judges nothing.
 */
import { seedLaterDefinitions } from "./later-definitions.ts";
import { benchSpec, megabytes, openBenchNode } from "./node.ts";

const LATER = Number(process.env["BENCH_LATER"] ?? 100_000);
const ACTIVE = Number(process.env["BENCH_ACTIVE"] ?? 20_000);

const { gc } = globalThis;
if (gc === undefined) {
  throw new Error("run it with --expose-gc");
}

const bench = await openBenchNode();
const { node } = bench;

/** Heap in bytes when nothing is left to collect. */
async function heap(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    await gc?.({ execution: "async", type: "major" });
  }
  return process.memoryUsage().heapUsed;
}

async function measured(what: string, count: number, make: () => Promise<void>): Promise<void> {
  const before = await heap();
  await make();
  const after = await heap();
  console.log(
    `${what.padEnd(44)} ${String(Math.round((after - before) / count)).padStart(7)} bytes   ${node.status().residents} actors in memory, ${megabytes()} MB`,
  );
}

/** Many at a time, so that creating takes its time in the journal, not in waiting. */
async function repeated(count: number, call: (index: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < count; from += 500) {
    await Promise.all(Array.from({ length: Math.min(500, count - from) }, (_, index) => call(from + index)));
  }
}

const spec = benchSpec({ kind: "every", intervalMs: 86_400_000, fixedDelay: false });
const { definition } = await node.definitions.create({ spec, startPaused: false });

await measured(`a definition due next month (${LATER})`, LATER, () => seedLaterDefinitions(bench.url, LATER));
await measured(`a definition just used (${ACTIVE / 10})`, ACTIVE / 10, () =>
  repeated(ACTIVE / 10, () => node.definitions.create({ spec, startPaused: false })),
);
const session = await node.workers.open(
  { queue: "bench", workerId: "w", slots: ACTIVE, running: [] },
  { assign: () => {}, signal: () => {}, drain: () => {} },
);
await measured(`an instance that runs (${ACTIVE})`, ACTIVE, () =>
  repeated(ACTIVE, () => node.definitions.trigger(definition.id, { overrides: {}, ignoreOverlap: true })),
);
session.close();
await bench.close();
