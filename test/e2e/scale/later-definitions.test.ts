import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { seedLaterDefinitions } from "../../../bench/later-definitions.ts";
import type { Instance } from "../../../src/client/index.ts";
import { createBelfryClient, createWorker, InstanceState } from "../../../src/client/index.ts";
import { query } from "../../support/ledger-checks.ts";
import { startTestPostgres } from "../../support/postgres.ts";
import type { ServerProcess } from "../../support/server-process.ts";
import { startServerProcess } from "../../support/server-process.ts";

/** Seeding a million takes about 20 s; `BELFRY_SCALE_COUNT` says another number. */
const COUNT = Number(process.env["BELFRY_SCALE_COUNT"] ?? 1_000_000);
const MORE_MEMORY_MB = 60;
const DUE_IN_MS = 2000;
/** By then a node that has just started has read whatever it reads at a start. */
const SETTLED_MS = 3000;

test(
  `${COUNT.toLocaleString("en")} definitions that are due next month cost a node nothing`,
  { timeout: 900_000 },
  async () => {
    const postgres = await startTestPostgres();
    await using stack = new AsyncDisposableStack();
    stack.defer(() => postgres.stop());
    const url = await postgres.createDatabase();
    const figures: string[] = [];
    const life = async (when: string): Promise<{ server: ServerProcess; megabytes: number }> => {
      const from = performance.now();
      const env = { BELFRY_DATABASE_URL: url, BELFRY_NODE_ID: "scale" };
      const server = stack.use(await startServerProcess({ env }));
      const startMs = Math.round(performance.now() - from);
      await sleep(SETTLED_MS);
      const megabytes = memoryOf(server.pid);
      const lateMs = await worksOnTime(server);
      figures.push(`${when}: serves after ${startMs} ms, has ${megabytes} MB, starts what is due ${lateMs} ms late`);
      return { server, megabytes };
    };

    const empty = await life("on an empty database");
    await empty.server.stop();

    const seedingFrom = performance.now();
    await seedLaterDefinitions(url, COUNT);
    figures.push(`seeding took ${Math.round(performance.now() - seedingFrom)} ms`);
    expect(await rowsOfLater(url, "belfry.definition d")).toBe(COUNT);

    const full = await life("with all of them there");
    full.server.kill();
    await full.server.exited;
    const again = await life("after a kill");
    expect((await again.server.stop()).code).toBe(0);
    console.log(figures.join("\n"));

    expect(full.megabytes).toBeLessThan(empty.megabytes + MORE_MEMORY_MB);
    expect(again.megabytes).toBeLessThan(empty.megabytes + MORE_MEMORY_MB);
    expect(await rowsOfLater(url, "belfry.occurrence o join belfry.definition d on d.id = o.definition_id")).toBe(0);
  },
);

/** How many rows of these tables belong to the definitions that are due next month. */
async function rowsOfLater(url: string, tables: string): Promise<number | undefined> {
  const [row] = await query<{ count: number }>(
    url,
    `select count(*)::int as count from ${tables} where d.user_id = 'later'`,
  );
  return row?.count;
}

/** A definition that is due in a moment fires, and a worker has it. @returns how late, in milliseconds. */
async function worksOnTime(server: ServerProcess): Promise<number> {
  const client = createBelfryClient(server.url);
  const ran = Promise.withResolvers<Instance>();
  const queue = "soon";
  const worker = createWorker({ client, queue, handler: ({ instance }) => ran.resolve(instance) });
  await worker.start();
  const dueAt = Date.now() + DUE_IN_MS;
  const { definition } = await client.definitions.createDefinition({
    definition: {
      name: "due in a moment",
      schedule: { timing: { case: "at", value: { time: timestampFromMs(dueAt) } } },
      action: { kind: { case: "worker", value: { queue } } },
    },
  });
  const { id: instanceId, definitionId, scheduledTime } = await ran.promise;
  const lateMs = Date.now() - dueAt;
  expect(definitionId).toBe(definition?.id);
  expect(scheduledTime && timestampMs(scheduledTime)).toBe(dueAt);
  await worker.stop();
  const { instance } = await client.instances.getInstance({ instanceId });
  expect(instance?.state).toBe(InstanceState.COMPLETED);
  client.close();
  return lateMs;
}

/** Resident memory, as any Unix tells it. */
function memoryOf(pid: number): number {
  const kilobytes = Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" }));
  return Math.round(kilobytes / 1024);
}
