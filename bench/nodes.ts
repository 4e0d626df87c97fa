/**
 * What one, two and three nodes do on this machine, through the public API, and what limits them: `npm run bench:nodes`. Prints figures; judges
 * nothing.
 *
 * Every node is a process of its own; PostgreSQL, NATS and the load, a bare HTTP/2 client, share the machine with them. Each round starts every
 * set-up anew, on an empty database, in the other order than the round before.
 *
 * `BENCH_COUNT` instances a measurement (default 5,000), `BENCH_ROUNDS` (default 2), `BENCH_ONLY` a part of the names of measurements,
 * `BENCH_NODES` numbers of nodes with commas between them (default 1,2,3), `BENCH_IN_FLIGHT` calls at a time, of all callers together (default
 * 64), `BENCH_PROFILE` a folder for a CPU profile of each node.
 */
import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { DefinitionService } from "../src/client/index.ts";
import { createBenchDefinition, pump, QUEUE, triggerRequest } from "./api-load.ts";
import type { ClusterUnderLoad, NodeUnderLoad, SetUp } from "./cluster-under-load.ts";
import { startClusterUnderLoad } from "./cluster-under-load.ts";
import type { Sample } from "./nodes-table.ts";
import { NodesTable, sampleOf } from "./nodes-table.ts";

const COUNT = Number(process.env["BENCH_COUNT"] ?? 5_000);
const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 2);
const ONLY = process.env["BENCH_ONLY"] ?? "";
const IN_FLIGHT = Number(process.env["BENCH_IN_FLIGHT"] ?? 64);
const NODES = new Set((process.env["BENCH_NODES"] ?? "1,2,3").split(",").map(Number));
const PROFILE = process.env["BENCH_PROFILE"];
/** Of all workers together. */
const SLOTS = 1000;
/** Every node decides for as many of them. */
const DEFINITIONS = 24;
const LATENCY_CALLS = 300;
const IDLE_MS = 3000;
const WARM_UP_PER_NODE = 2000;
const NO_PROGRESS_MS = 60_000;

const BASE = "1 node";
const SET_UPS: readonly SetUp[] = [
  { name: "1 node without NATS", nodes: 1, nats: false },
  { name: BASE, nodes: 1, nats: true },
  { name: "2 nodes", nodes: 2, nats: true },
  { name: "3 nodes", nodes: 3, nats: true },
];

/** Who is where. */
interface Course {
  readonly callers: readonly NodeUnderLoad[];
  /** Who decides for the definitions. */
  readonly owners: readonly NodeUnderLoad[];
  readonly workers: readonly NodeUnderLoad[];
}

/** A set-up that is ready to be measured. */
interface Bench {
  readonly setUp: SetUp;
  readonly cluster: ClusterUnderLoad;
  /** Everybody everywhere. */
  readonly spread: Course;
  /** For the definitions that a node decides for: requests that create an instance. */
  readonly requests: ReadonlyMap<NodeUnderLoad, readonly Uint8Array[]>;
}

const END_TO_END = "end to end: callers, definitions and workers on all nodes";
/** Those that one node alone does not have are compared with what it does end to end. */
const table = new NodesTable(BASE, END_TO_END);

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
for (let round = 1; round <= ROUNDS; round++) {
  for (const setUp of round % 2 === 1 ? SET_UPS : SET_UPS.toReversed()) {
    if (!NODES.has(setUp.nodes)) continue;
    console.error(`Round ${round} of ${ROUNDS}: ${setUp.name}`);
    const cluster = await startClusterUnderLoad(setUp, PROFILE);
    try {
      await measureAll(await prepared(setUp, cluster));
      const moved = await cluster.moved();
      if (moved > 0) console.error(`${moved} shards moved meanwhile: these figures are not those of a calm cluster.`);
    } finally {
      await cluster[Symbol.asyncDispose]();
    }
  }
}
console.log(
  `${COUNT} instances a measurement, ${IN_FLIGHT} calls in flight, ${DEFINITIONS} definitions, medians of ${ROUNDS} rounds, ${availableParallelism()} cores.`,
);
table.print();

async function prepared(setUp: SetUp, cluster: ClusterUnderLoad): Promise<Bench> {
  const { nodes } = cluster;
  const requests = new Map<NodeUnderLoad, Uint8Array[]>(nodes.map((node) => [node, []]));
  while ([...requests.values()].some((each) => each.length < DEFINITIONS / nodes.length)) {
    const id = await createBenchDefinition(nodes[0]!.client);
    const each = requests.get(cluster.ownerOf(id));
    if (each !== undefined && each.length < DEFINITIONS / nodes.length) each.push(triggerRequest(id));
  }
  const spread = { callers: nodes, owners: nodes, workers: nodes };
  return { setUp, cluster, spread, requests };
}

async function measureAll(bench: Bench): Promise<void> {
  const { cluster, spread, setUp } = bench;
  const [first, second, third] = cluster.nodes as [NodeUnderLoad, NodeUnderLoad?, NodeUnderLoad?];
  // Neither the compilers of the nodes nor the caches of the database are what is measured.
  await endToEnd(bench, spread, Math.min(COUNT, WARM_UP_PER_NODE) * setUp.nodes);
  await cluster.settled();

  await measured(bench, END_TO_END, () => endToEnd(bench, spread, COUNT));
  if (second !== undefined) {
    const apart = { callers: [first], owners: cluster.nodes, workers: [second] };
    await measured(bench, "end to end: callers on one node, workers on another, definitions on all", () =>
      endToEnd(bench, apart, COUNT),
    );
    const handed = { callers: [first], owners: [first], workers: [second] };
    await measured(bench, "end to end: callers and definitions on one node, workers on another", () =>
      endToEnd(bench, handed, COUNT),
    );
  }
  if (second !== undefined && third !== undefined) {
    const each = { callers: [first], owners: [third], workers: [second] };
    await measured(bench, "end to end: callers, definitions and workers each on another node", () =>
      endToEnd(bench, each, COUNT),
    );
  }
  const create = "create one by one: callers and definitions on all nodes";
  const drain = "drain: definitions and workers on all nodes";
  if ([create, drain].some((name) => name.includes(ONLY))) {
    await measured(bench, create, () => created(bench, spread, COUNT), true);
    await measured(bench, drain, () => drained(spread, COUNT), true);
  }

  await latencyMeasured(bench, "caller and worker at the definition's node", {
    callers: [first],
    owners: [first],
    workers: [first],
  });
  if (second !== undefined) {
    await latencyMeasured(bench, "caller and worker on other nodes", {
      callers: [second],
      owners: [first],
      workers: [third ?? second],
    });
  }
  await idleMeasured(bench);
}

async function measured(bench: Bench, name: string, run: () => Promise<void>, always = false): Promise<void> {
  if (!always && !name.includes(ONLY)) return;
  const { cluster, setUp } = bench;
  const before = cluster.usage();
  const from = performance.now();
  await run();
  const tookMs = performance.now() - from;
  const atEnd = cluster.usage();
  await cluster.settled();
  const settledMs = performance.now() - from - tookMs;
  const sample: Sample = sampleOf({ count: COUNT, tookMs, settledMs, before, atEnd, settled: cluster.usage() });
  table.add(name, setUp.name, sample);
}

/** What the nodes cost when nobody wants anything of them. */
async function idleMeasured({ cluster, setUp }: Bench): Promise<void> {
  if (!"idle".includes(ONLY)) return;
  const before = cluster.usage();
  const from = performance.now();
  await sleep(IDLE_MS);
  table.addIdle(setUp.name, { tookMs: performance.now() - from, before, after: cluster.usage() });
}

async function latencyMeasured(bench: Bench, name: string, course: Course): Promise<void> {
  if (!`start latency: ${name}`.includes(ONLY)) return;
  table.addLatencies(name, bench.setUp.name, await startLatencies(bench, course));
  await bench.cluster.settled();
}

async function endToEnd(bench: Bench, course: Course, count: number): Promise<void> {
  await Promise.all([drained(course, count), created(bench, course, count)]);
}

/** Creates `count` instances, each node calling for each definition. */
async function created(bench: Bench, course: Course, count: number): Promise<void> {
  const call = callsOf(bench, course);
  await pump(count, IN_FLIGHT, call);
}

function callsOf({ requests }: Bench, { callers, owners }: Course): () => Promise<unknown> {
  const messages = owners.flatMap((owner) => requests.get(owner) ?? []);
  let next = 0;
  return () => {
    const number = next++;
    const caller = callers[Math.floor(number / messages.length) % callers.length]!;
    return caller.calls.call(DefinitionService.method.triggerDefinition, messages[number % messages.length]!);
  };
}

/** Works until `count` results were taken. */
async function drained({ workers }: Course, count: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let done = 0;
  const onDone = (more: number): void => {
    done += more;
    if (done >= count) resolve();
  };
  const streams = openStreams(workers, SLOTS, { onStart: () => {}, onDone });
  let seen = -1;
  const watch = setInterval(() => {
    if (done === seen) reject(new Error(`No more results for ${NO_PROGRESS_MS / 1000} s: ${done} of ${count} are in`));
    seen = done;
  }, NO_PROGRESS_MS);
  try {
    await promise;
  } finally {
    clearInterval(watch);
  }
  await streams.close();
}

function openStreams(
  workers: readonly NodeUnderLoad[],
  slots: number,
  told: { onStart(count: number): void; onDone(count: number): void },
): { close(): Promise<void> } {
  const streams = workers.map(({ work }) => work.work(QUEUE, Math.ceil(slots / workers.length), told));
  return {
    close: async () => {
      await Promise.all(streams.map((stream) => stream.close()));
    },
  };
}

/** From the call that creates an instance until its worker has it, on a machine that does nothing else. */
async function startLatencies(bench: Bench, course: Course): Promise<number[]> {
  const found: number[] = [];
  const call = callsOf(bench, course);
  let done = Promise.withResolvers<void>();
  let calledAt = 0;
  const streams = openStreams(course.workers, 10, {
    onStart: () => found.push(performance.now() - calledAt),
    onDone: () => done.resolve(),
  });
  for (let index = 0; index < LATENCY_CALLS; index++) {
    done = Promise.withResolvers<void>();
    calledAt = performance.now();
    await Promise.all([call(), done.promise]);
  }
  await streams.close();
  return found;
}
