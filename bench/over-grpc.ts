/**
 * What a node does over the network, through the public API: `node bench/over-grpc.ts`. Prints figures; judges nothing.
 *
 * The server runs in a process of its own. The load comes twice: from the TypeScript client and worker kit, which users have, and from a bare
 * HTTP/2 client, which leaves more of the machine to the server.
 *
 * `BENCH_COUNT` instances a measurement (default 20,000), `BENCH_ROUNDS` (default 3), `BENCH_ONLY` a part of the names of measurements.
 */
import { create, toBinary } from "@bufbuild/protobuf";
import {
  BatchTriggerDefinitionRequestSchema,
  createBelfryClient,
  createWorker,
  DefinitionService,
} from "../src/client/index.ts";
import { createBenchDefinition, PAYLOAD, pump, QUEUE, triggerRequest } from "./api-load.ts";
import { RawConnection } from "./raw-grpc.ts";
import type { ServerUnderLoad } from "./server-under-load.ts";
import { startServerUnderLoad } from "./server-under-load.ts";
import { median, percentile } from "./statistics.ts";

const COUNT = Number(process.env["BENCH_COUNT"] ?? 20_000);
const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 3);
const ONLY = process.env["BENCH_ONLY"] ?? "";
const IN_FLIGHT = 64;
const BATCH = 1000;
const SLOTS = 1000;
const DEFINITIONS = 20;
const LATENCY_CALLS = 300;

/** One way of putting the server under load. */
interface Lane {
  readonly name: string;
  trigger(): Promise<unknown>;
  batch(): Promise<unknown>;
  /** A worker that completes what it gets at once. */
  work(
    told: { onStart(count: number): void; onDone(count: number): void },
    slots: number,
  ): Promise<{ close(): Promise<void> }>;
}

interface Row {
  readonly measurement: string;
  readonly rates: number[];
  readonly serverMs: number[];
  readonly postgresMs: number[];
  readonly memory: number[];
}

const server = await startServerUnderLoad();
const client = createBelfryClient(server.url);
const rawCalls = await RawConnection.open(server.url);
const rawWork = await RawConnection.open(server.url);
const ids = await Promise.all(Array.from({ length: DEFINITIONS }, () => createBenchDefinition(client)));
const lanes = [clientLane(), rawLane()];
const rows = new Map<string, Row>();
const latencies = new Map<string, number[]>();

// Neither the compilers of the two processes nor the caches of the database are what is measured.
for (const lane of lanes) await endToEnd(lane, Math.min(COUNT, 2000));
for (let round = 0; round < ROUNDS; round++) {
  for (const lane of lanes) {
    const { name } = lane;
    await measured(`${name}: end to end, ${IN_FLIGHT} in flight`, () => endToEnd(lane, COUNT));
    if (
      await measured(`${name}: create one by one, ${IN_FLIGHT} in flight`, () =>
        pump(COUNT, IN_FLIGHT, () => lane.trigger()),
      )
    ) {
      await measured(`${name}: drain`, () => drained(lane, COUNT), true);
    }
    if (await measured(`${name}: create in batches of ${BATCH}`, () => pump(COUNT / BATCH, 2, () => lane.batch()))) {
      await measured(`${name}: drain`, () => drained(lane, COUNT), true);
    }
    if (`${name}: start latency`.includes(ONLY))
      latencies.set(name, [...(latencies.get(name) ?? []), ...(await startLatencies(lane))]);
  }
}
print(server);
client.close();
rawCalls.close();
rawWork.close();
await server.close();

function clientLane(): Lane {
  let next = 0;
  const definitionId = (): string => ids[next++ % ids.length] ?? "";
  return {
    name: "client",
    trigger: () => client.definitions.triggerDefinition({ definitionId: definitionId(), payload: PAYLOAD }),
    batch: async () => {
      const items = Array.from({ length: BATCH }, () => ({ payload: PAYLOAD }));
      await client.definitions.batchTriggerDefinition({ definitionId: definitionId(), items });
    },
    work: async ({ onStart, onDone }, slots) => {
      const worker = createWorker({
        url: server.url,
        queue: QUEUE,
        concurrency: slots,
        handler: () => onStart(1),
        observe: (event) => {
          if (event.kind === "receipt" && event.accepted) onDone(1);
        },
      });
      await worker.start();
      return { close: () => worker.stop() };
    },
  };
}

function rawLane(): Lane {
  const { triggerDefinition, batchTriggerDefinition } = DefinitionService.method;
  const items = Array.from({ length: BATCH }, () => ({ payload: PAYLOAD }));
  const triggers = ids.map((definitionId) => triggerRequest(definitionId));
  const batches = ids.map((definitionId) =>
    toBinary(BatchTriggerDefinitionRequestSchema, create(BatchTriggerDefinitionRequestSchema, { definitionId, items })),
  );
  let next = 0;
  const oneOf = (messages: readonly Uint8Array[]): Uint8Array => messages[next++ % messages.length] ?? new Uint8Array();
  return {
    name: "bare http2",
    trigger: () => rawCalls.call(triggerDefinition, oneOf(triggers)),
    batch: () => rawCalls.call(batchTriggerDefinition, oneOf(batches)),
    work: async (told, slots) => rawWork.work(QUEUE, slots, told),
  };
}

async function endToEnd(lane: Lane, count: number): Promise<void> {
  await Promise.all([drained(lane, count), pump(count, IN_FLIGHT, () => lane.trigger())]);
}

/** Works until `count` results were taken. */
async function drained(lane: Lane, count: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let done = 0;
  const onDone = (more: number): void => {
    done += more;
    if (done >= count) resolve();
  };
  const worker = await lane.work({ onStart: () => {}, onDone }, SLOTS);
  await promise;
  await worker.close();
}

/** From the call that creates an instance until its worker has it, on a machine that does nothing else. */
async function startLatencies(lane: Lane): Promise<number[]> {
  const found: number[] = [];
  let done = Promise.withResolvers<void>();
  let calledAt = 0;
  const worker = await lane.work(
    {
      onStart: () => found.push(performance.now() - calledAt),
      onDone: () => done.resolve(),
    },
    10,
  );
  for (let call = 0; call < LATENCY_CALLS; call++) {
    done = Promise.withResolvers<void>();
    calledAt = performance.now();
    await Promise.all([lane.trigger(), done.promise]);
  }
  await worker.close();
  return found;
}

/** @returns false when this measurement was not asked for. */
async function measured(measurement: string, run: () => Promise<void>, always = false): Promise<boolean> {
  if (!always && !measurement.includes(ONLY)) return false;
  const before = server.usage();
  const from = performance.now();
  await run();
  const seconds = (performance.now() - from) / 1000;
  const after = server.usage();
  const row = rows.get(measurement) ?? { measurement, rates: [], serverMs: [], postgresMs: [], memory: [] };
  rows.set(measurement, row);
  row.rates.push(COUNT / seconds);
  row.serverMs.push(((after.serverCpuMs - before.serverCpuMs) * 1000) / COUNT);
  row.postgresMs.push(((after.postgresCpuMs - before.postgresCpuMs) * 1000) / COUNT);
  row.memory.push(server.memory().now);
  return true;
}

function print({ memory }: ServerUnderLoad): void {
  const line = (name: string, ...cells: string[]): void =>
    console.log(name.padEnd(48) + cells.map((cell) => cell.padStart(12)).join(""));
  console.log(
    `${COUNT} instances a measurement, ${DEFINITIONS} definitions, medians of ${ROUNDS} rounds; CPU is for 1,000 instances`,
  );
  line("", "per second", "server CPU", "PG CPU", "server MB");
  for (const { measurement, rates, serverMs, postgresMs, memory: used } of rows.values()) {
    line(
      measurement,
      median(rates).toFixed(0),
      `${median(serverMs).toFixed(0)} ms`,
      `${median(postgresMs).toFixed(0)} ms`,
      String(Math.max(...used)),
    );
  }
  for (const [name, found] of latencies) {
    line(
      `${name}: start latency, idle`,
      `p50 ${percentile(found, 0.5).toFixed(2)} ms`,
      `p99 ${percentile(found, 0.99).toFixed(2)} ms`,
    );
  }
  console.log(`Server memory at its most: ${memory().peak} MB`);
}
