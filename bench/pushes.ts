/**
 * What task centres cost, through the public API: `node bench/pushes.ts`. Prints figures; judges nothing.
 *
 * The server runs in a process of its own; the client and the platform, which takes everything at once, share this one. Each event tells of a work item that
 * comes, of an approval with four of them.
 *
 * - Reported: events on streams, of an application that no platform hears of.
 * - Pushed: the same of one that a platform hears of, until it has taken the last of them and that is known.
 * - Delay: from the call of ReportEvent until the platform has the request, of single events on a machine that does nothing else.
 *
 * `BENCH_COUNT` events a measurement (default 4,000; whole streams of 500), `BENCH_ROUNDS` (default 5).
 */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { BelfryClient } from "../src/client/index.ts";
import { createBelfryClient } from "../src/client/index.ts";
import { pump } from "./api-load.ts";
import { startFastPlatform } from "./fast-platform.ts";
import { startServerUnderLoad } from "./server-under-load.ts";
import { median, percentile } from "./statistics.ts";

const STREAMS = 4;
const EVENTS_OF_A_STREAM = 500;
const COUNT = Math.ceil(Number(process.env["BENCH_COUNT"] ?? 4000) / EVENTS_OF_A_STREAM) * EVENTS_OF_A_STREAM;
const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 5);
const ITEMS_OF_A_SESSION = 4;
const SINGLES = 500;
const APART_MS = 5;
const CONCURRENT = 32;
const LOOK_MS = 5;
const HEARD = "heard";
const UNHEARD = "unheard";

interface Row {
  readonly rates: number[];
  readonly serverMs: number[];
  readonly postgresMs: number[];
}

// The server takes them from here.
process.env["BELFRY_ALLOW_PRIVATE_TARGETS"] = "loopback";
process.env["BELFRY_SECRET_KEY"] ??= randomBytes(32).toString("base64");
const server = await startServerUnderLoad();
const client = createBelfryClient(server.url);
const platform = await startFastPlatform();
const rows = new Map<string, Row>();
let items = 0;
try {
  const platformId = await configured(client);
  // Neither the compilers of the two processes nor the caches of the database are what is measured.
  await pushed(platformId);
  await sleep(1000);
  const idle = await delays();
  for (let round = 0; round < ROUNDS; round++) {
    await measured("reported, heard by nobody", () => reported(UNHEARD));
    await measured("reported and pushed", () => pushed(platformId));
  }
  print(idle);
} finally {
  client.close();
  platform.close();
  await server.close();
}

async function configured({ platforms }: BelfryClient): Promise<string> {
  const settings = { host: platform.host, appId: "bench", appSecret: "a-secret-of-the-bench", sceneCode: "BENCH" };
  const made = await platforms.createPlatform({
    platform: { name: "bench", connector: "jinzhi", settings, policy: { maxConcurrent: CONCURRENT } },
  });
  const platformId = made.platform?.id ?? "";
  await platforms.createTrigger({ trigger: { platformId, appIds: [HEARD] } });
  await platforms.enablePlatform({ platformId });
  return platformId;
}

/** The next item, of the next session when the last is full. */
function nextEvent(appId: string) {
  const number = items++;
  const id = String(Math.floor(number / ITEMS_OF_A_SESSION));
  const url = `https://oa.example.edu.cn/${number}`;
  return {
    taskId: `t${number}`,
    event: {
      action: "receive",
      // Sessions are of one application: those of the other have another id.
      session: {
        id: `${appId}-${id}`,
        appId,
        appName: { zh: "请假" },
        title: `请假 ${id}`,
        creator: { number: "10001", name: "张三" },
        view: { pc: url, h5: url },
      },
      workItem: {
        id: `t${number}`,
        nodeId: "n1",
        nodeName: "审批",
        assignees: [{ number: `u${number % 997}`, name: "李四" }],
        todoView: { pc: url, h5: url },
      },
    },
  };
}

/** On several streams at a time. */
function reported(appId: string): Promise<void> {
  return pump(COUNT / EVENTS_OF_A_STREAM, STREAMS, async () => {
    const { failedCount, failures } = await client.workItems.batchReportEvents(messages(appId));
    if (failedCount > 0n) throw new Error(`${failedCount} events were refused: ${failures[0]?.message}`);
  });
}

async function* messages(appId: string) {
  for (let index = 0; index < EVENTS_OF_A_STREAM; index++) yield { event: nextEvent(appId).event };
}

/** The same, until the platform has taken them and that is written. */
async function pushed(platformId: string): Promise<void> {
  await Promise.all([platform.hasTaken(platform.taken() + COUNT), reported(HEARD)]);
  for (;;) {
    const { status } = await client.platforms.getPlatformStatus({ platformId });
    if (status !== undefined && status.underWayCount + status.waitingCount === 0) return;
    await sleep(LOOK_MS);
  }
}

/** Of single events, one after the other. */
async function delays(): Promise<number[]> {
  const found: number[] = [];
  for (let single = 0; single < SINGLES; single++) {
    const { taskId, event } = nextEvent(HEARD);
    const arrival = platform.arrival(taskId);
    const calledAt = performance.now();
    const answer = client.workItems.reportEvent({ event });
    found.push((await arrival) - calledAt);
    await answer;
    await sleep(APART_MS);
  }
  return found;
}

async function measured(name: string, run: () => Promise<void>): Promise<void> {
  const before = server.usage();
  const from = performance.now();
  await run();
  const seconds = (performance.now() - from) / 1000;
  const after = server.usage();
  const row = rows.get(name) ?? { rates: [], serverMs: [], postgresMs: [] };
  rows.set(name, row);
  row.rates.push(COUNT / seconds);
  row.serverMs.push(((after.serverCpuMs - before.serverCpuMs) * 1000) / COUNT);
  row.postgresMs.push(((after.postgresCpuMs - before.postgresCpuMs) * 1000) / COUNT);
}

function print(idle: readonly number[]): void {
  const line = (name: string, ...cells: string[]): void =>
    console.log(name.padEnd(48) + cells.map((cell) => cell.padStart(14)).join(""));
  const ms = (share: number): string => `${percentile(idle, share).toFixed(2)} ms`;
  line("delay from report to platform, idle", `p50 ${ms(0.5)}`, `p99 ${ms(0.99)}`);
  console.log(
    `\n${COUNT} events, ${STREAMS} streams of ${EVENTS_OF_A_STREAM}, ${CONCURRENT} pushes at a time; medians of ${ROUNDS} rounds; CPU is for 1,000 events`,
  );
  line("", "per second", "server CPU", "PG CPU");
  for (const [name, { rates, serverMs, postgresMs }] of rows) {
    line(name, median(rates).toFixed(0), `${median(serverMs).toFixed(0)} ms`, `${median(postgresMs).toFixed(0)} ms`);
  }
  console.log(`Server memory at its most: ${server.memory().peak} MB`);
}
