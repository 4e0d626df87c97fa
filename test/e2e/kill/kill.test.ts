import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import type { Story } from "../../support/ledger-checks.ts";
import { aftermath } from "../../support/ledger-checks.ts";
import {
  defined,
  impatientClient,
  QUEUE,
  seededRandom,
  startTriggers,
  startWorkerProcess,
} from "../../support/load.ts";
import { openStormSite, TIMETABLES } from "./storm.ts";
import type { Victims } from "./storm.ts";

/** `BELFRY_KILL_SEED` repeats a storm: who is killed, and when; what the machine makes of it differs. */
const SEED = Number(process.env["BELFRY_KILL_SEED"] ?? Date.now() % 1_000_000);
const ROUNDS = Number(process.env["BELFRY_KILL_ROUNDS"] ?? 20);
/** The longest that a server lives, once it says that it serves. */
const LIFE_MS = 1500;

/** In half of the rounds the database dies too, before or after the server. */
const VICTIMS: readonly Victims[] = [["server"], ["server", "postgres"], ["server"], ["postgres", "server"]];

test(
  "a server that is killed again and again under load loses nothing and does nothing twice",
  { timeout: 600_000 },
  async () => {
    console.log(`BELFRY_KILL_SEED=${SEED}`);
    const random = seededRandom(SEED);
    const upTo = (limit: number): number => Math.floor(random() * limit);
    await using site = await openStormSite(await freePort());
    const client = impatientClient(site.url);
    const timetables = await Promise.all(
      TIMETABLES.map(async (table) => ({ ...table, id: await defined(client, table) })),
    );
    const sideBySide = timetables.slice(0, 3).map(({ id }) => id);
    const stopTriggers = startTriggers({
      urls: [site.url],
      definitionIds: sideBySide,
      callers: 4,
      pauseMs: 20,
      random,
    });
    let workers = [startWorkerProcess(site.url, QUEUE), startWorkerProcess(site.url, QUEUE)];
    const restarts: number[] = [];
    let workersKilled = 0;

    for (let round = 0; round < ROUNDS; round++) {
      await sleep(upTo(LIFE_MS));
      if (round % 5 === 2) {
        const [victim, ...others] = workers;
        await victim?.kill();
        workers = [...others, startWorkerProcess(site.url, QUEUE)];
        workersKilled++;
      }
      await site.kill(VICTIMS[round % VICTIMS.length] ?? [], upTo(150));
      restarts.push(await site.start());
    }
    await sleep(LIFE_MS);

    const { acknowledged, wrong } = await stopTriggers();
    const { stories, drainedInMs, faults } = await aftermath(client, site.databaseUrl, timetables, acknowledged);
    await Promise.all(workers.map((worker) => worker.kill()));
    client.close();
    console.log(figures(stories, { acknowledged: acknowledged.size, workersKilled, restarts, drainedInMs }));
    expect(wrong).toEqual([]);
    expect(faults).toEqual([]);
    expect(stories.every(({ instances }) => instances.length > 0)).toBe(true);
  },
);

function figures(
  stories: readonly Story[],
  more: { acknowledged: number; workersKilled: number; restarts: number[]; drainedInMs: number },
): string {
  const occurrences = stories.flatMap((story) => story.occurrences);
  const instances = stories.flatMap((story) => story.instances);
  const decidedAt = occurrences
    .map(({ decideTime }) => (decideTime ? timestampMs(decideTime) : 0))
    .toSorted((one, other) => one - other);
  const gaps = decidedAt.map((at, index) => at - (decidedAt[index - 1] ?? at));
  // Those that had to wait for others, say so; they are not late.
  const late = occurrences.map(({ decideTime, scheduledTime, reason }) =>
    decideTime && scheduledTime && reason === "" ? timestampMs(decideTime) - timestampMs(scheduledTime) : 0,
  );
  const attempts = instances.reduce((sum, { attemptCount }) => sum + attemptCount, 0);
  return [
    `${ROUNDS} kills of the server, ${ROUNDS / 2} of PostgreSQL, ${more.workersKilled} of workers`,
    `${occurrences.length} due times, ${instances.length} instances, ${attempts} attempts, ${more.acknowledged} triggers acknowledged`,
    `restarts took ${Math.round(Math.min(...more.restarts))} to ${Math.round(Math.max(...more.restarts))} ms`,
    `longest time without a firing ${Math.max(...gaps)} ms, latest firing ${Math.max(...late)} ms, drained in ${Math.round(more.drainedInMs)} ms`,
  ].join("\n");
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
