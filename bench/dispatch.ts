/**
 * What dispatches cost, through the public API: `node bench/dispatch.ts`. Prints figures; judges nothing.
 *
 * The server runs in a process of its own; calls and receivers share this one. Calls are made by a bare HTTP/2 client.
 *
 * - Processing delay: from the call of CreateDispatch until the receiver has the request, of single dispatches on a machine that does nothing else.
 * - Throughput: 1,000 dispatches to 45 living destinations are under way at any time. A tenth more goes to five others: which live too, or are
 *   dead (nothing listens, or nobody answers), or there are none of them. What counts is what the living get.
 *
 * `BENCH_COUNT` dispatches to the living a measurement (default 4,500), `BENCH_ROUNDS` (default 6).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { CreateDispatchRequestSchema, DispatchService } from "../src/gen/belfry/v1/dispatch_service_pb.ts";
import { startDead, startReceivers } from "./dispatch-receivers.ts";
import { pump } from "./api-load.ts";
import { RawConnection } from "./raw-grpc.ts";
import { startServerUnderLoad } from "./server-under-load.ts";
import { median, percentile } from "./statistics.ts";

const COUNT = Number(process.env["BENCH_COUNT"] ?? 4500);
const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 6);
const SINGLES = 1000;
const APART_MS = 5;
const AGAIN_MS = 20;
const LIVING = 45;
const OTHERS = 5;
const UNDER_WAY = 1000;
const DATA = { text: "x".repeat(180) };

interface Row {
  readonly rates: number[];
  readonly serverMs: number[];
  readonly postgresMs: number[];
}

// The server takes it from here.
process.env["BELFRY_ALLOW_PRIVATE_TARGETS"] = "loopback";
const server = await startServerUnderLoad();
/** One takes no more than 1,000 calls at a time. */
const connections = await Promise.all(Array.from({ length: 4 }, () => RawConnection.open(server.url)));
const living = await startReceivers(LIVING);
const alive = await startReceivers(OTHERS);
const rows = new Map<string, Row>();
let calls = 0;
let turn = 0;
let repeated = 0;
try {
  const first = await delays(LIVING, 0);
  // Neither the compilers of the two processes nor the caches of the database are what is measured.
  await delivered(Math.min(COUNT, 2000), alive.origins);
  await sleep(1000);
  const idle = await delays(SINGLES, APART_MS);
  for (let round = 0; round < ROUNDS; round++) await measureAll(round);
  print(first, idle);
} finally {
  living.close();
  alive.close();
  for (const connection of connections) connection.close();
  await server.close();
}

async function measureAll(round: number): Promise<void> {
  // Of earlier rounds they would be known to be dead.
  const dead = await startDead(OTHERS);
  const measurements: readonly (readonly [string, readonly string[]])[] = [
    ["five more that live", alive.origins],
    ["five more that are dead", dead.origins],
    ["no others", []],
  ];
  // None of them always comes first.
  for (let index = 0; index < measurements.length; index++) {
    const [name, others] = measurements[(index + round) % measurements.length] ?? ["", []];
    await measured(name, others);
  }
  dead.close();
}

/** Of single dispatches, one after the other. */
async function delays(count: number, apartMs: number): Promise<number[]> {
  const found: number[] = [];
  for (let index = 0; index < count; index++) {
    const { request, path } = requestTo(living.origins, index);
    const arrival = living.arrival(path);
    const calledAt = performance.now();
    const answer = createDispatch(request);
    found.push((await arrival) - calledAt);
    await answer;
    if (apartMs > 0) await sleep(apartMs);
  }
  return found;
}

/** So many to the living, and one to the others with every ninth. */
function delivered(count: number, others: readonly string[]): Promise<void> {
  let sent = 0;
  return pump(count, UNDER_WAY, async () => {
    const index = sent++;
    const { request, path } = requestTo(living.origins, index);
    const arrival = living.arrival(path);
    await createDispatch(request);
    if (others.length > 0 && index % 9 === 0) await createDispatch(requestTo(others, index / 9).request);
    await arrival;
  });
}

/** Until it is accepted: on a machine that others keep busy a node may lose its lease for a moment, and says so. */
async function createDispatch(request: Uint8Array): Promise<void> {
  const call = turn++;
  for (;;) {
    try {
      await connections[call % connections.length]?.call(DispatchService.method.createDispatch, request);
      return;
    } catch (error) {
      if (!String(error).includes(`answered ${Code.Unavailable}`)) throw error;
      repeated++;
      await sleep(AGAIN_MS);
    }
  }
}

function requestTo(origins: readonly string[], index: number): { request: Uint8Array; path: string } {
  const path = `/${++calls}`;
  const webhookUrl = `${origins[index % origins.length]}${path}`;
  const message = create(CreateDispatchRequestSchema, { webhookUrl, taskType: "bench", data: DATA });
  return { request: toBinary(CreateDispatchRequestSchema, message), path };
}

async function measured(name: string, others: readonly string[]): Promise<void> {
  const before = server.usage();
  const from = performance.now();
  await delivered(COUNT, others);
  const seconds = (performance.now() - from) / 1000;
  const after = server.usage();
  const row = rows.get(name) ?? { rates: [], serverMs: [], postgresMs: [] };
  rows.set(name, row);
  row.rates.push(COUNT / seconds);
  row.serverMs.push(((after.serverCpuMs - before.serverCpuMs) * 1000) / COUNT);
  row.postgresMs.push(((after.postgresCpuMs - before.postgresCpuMs) * 1000) / COUNT);
}

function print(first: readonly number[], idle: readonly number[]): void {
  const line = (name: string, ...cells: string[]): void =>
    console.log(name.padEnd(48) + cells.map((cell) => cell.padStart(14)).join(""));
  const ms = (values: readonly number[], share: number): string => `${percentile(values, share).toFixed(2)} ms`;
  line("processing delay, idle", `p50 ${ms(idle, 0.5)}`, `p99 ${ms(idle, 0.99)}`);
  line("processing delay, first to its destination", `p50 ${ms(first, 0.5)}`);
  console.log(
    `\n${COUNT} dispatches to ${LIVING} living destinations, ${UNDER_WAY} under way; medians of ${ROUNDS} rounds; CPU is for 1,000 of them`,
  );
  line("", "living, /s", "server CPU", "PG CPU");
  for (const [name, { rates, serverMs, postgresMs }] of rows) {
    line(name, median(rates).toFixed(0), `${median(serverMs).toFixed(0)} ms`, `${median(postgresMs).toFixed(0)} ms`);
  }
  const dead = rows.get("five more that are dead");
  for (const [name, other] of rows) {
    if (dead === undefined || other === dead) continue;
    // What a machine that others share gives differs from one moment to the next; what the work costs does so less.
    line(
      `the dead against ${name}`,
      `rate ${ratio(dead.rates, other.rates)}`,
      `CPU ${ratio(dead.serverMs, other.serverMs)}`,
    );
  }
  console.log(`${repeated} calls had to be made again`);
  console.log(`Server memory at its most: ${server.memory().peak} MB`);
}

/** The median of the rounds. */
function ratio(some: readonly number[], others: readonly number[]): string {
  return median(some.map((value, round) => value / (others[round] ?? Number.NaN))).toFixed(2);
}
