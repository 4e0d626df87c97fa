import { setTimeout as sleep } from "node:timers/promises";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import type { Worker } from "../../../src/client/index.ts";
import { createWorker, OverlapPolicy } from "../../../src/client/index.ts";
import type { Story } from "../../support/ledger-checks.ts";
import { aftermath, query } from "../../support/ledger-checks.ts";
import { defined, QUEUE, seededRandom, startTriggers } from "../../support/load.ts";
import type { Timetable, TriggerReport } from "../../support/load.ts";
import { until } from "../../support/until.ts";
import type { Pair } from "./pair.ts";
import { aPair, SHARDS } from "./pair.ts";

const FAST_MS = 200;
/** A killed node's shards run elsewhere within this. */
const TAKEOVER_MS = 5000;
/** While the other tests of a run keep the machine busy, a moment more is forgiven. */
const BUSY_MS = 500;
const { ALLOW_ALL, BUFFER_ALL, SKIP } = OverlapPolicy;
const TIMETABLES: readonly Timetable[] = [
  { name: "side by side", rule: { kind: "phase", intervalMs: FAST_MS, phaseMs: 50 }, overlapPolicy: ALLOW_ALL },
  { name: "one after the other", rule: { kind: "sinceCreation", intervalMs: 500 }, overlapPolicy: BUFFER_ALL },
  { name: "skipping", rule: { kind: "seconds", step: 1 }, overlapPolicy: SKIP },
];

test("the second node takes over from a killed one within 5 s, fires on, and does nothing twice", async () => {
  await using load = await underLoad();
  load.pair.a.server.kill();
  const tookMs = await load.pair.ownedBy("b");
  await firesAgain(load);

  const { stories, faults, report } = await load.end();
  console.log(figures(tookMs, stories));
  expect(tookMs).toBeLessThan(TAKEOVER_MS);
  expect(longestGap(stories[0])).toBeLessThan(TAKEOVER_MS + FAST_MS + BUSY_MS);
  expect(report.wrong).toEqual([]);
  expect(faults).toEqual([]);
});

test("a node that hung past its lease and woke writes nothing, and what ran on it ends once", async () => {
  await using load = await underLoad();
  const { a } = load.pair;
  a.server.kill("SIGSTOP");
  await load.pair.ownedBy("b");
  const before = await load.epochs();
  a.server.kill("SIGCONT");
  await until(() => a.server.output().includes("shards lost"), "the node that woke gives its shards up");
  await sleep(1000);
  // It neither took a shard back nor wrote one: what it would have written, the checks at the end would find.
  expect(await load.pair.owners()).toEqual(new Map([["b", SHARDS]]));
  expect(await load.epochs()).toEqual(before);

  const { faults, report } = await load.end();
  expect(report.wrong).toEqual([]);
  expect(faults).toEqual([]);
  expect((await a.server.stop()).code).toBe(0);
});

test("a node that is told to stop hands over within a second, and ends with 0", async () => {
  await using load = await underLoad();
  const { a } = load.pair;
  a.server.kill("SIGTERM");
  const tookMs = await load.pair.ownedBy("b");
  await firesAgain(load);
  expect(await a.server.exited).toEqual({ code: 0, signal: null });

  const { stories, faults, report } = await load.end();
  console.log(figures(tookMs, stories));
  expect(tookMs).toBeLessThan(1000 + BUSY_MS);
  expect(longestGap(stories[0])).toBeLessThan(1000 + FAST_MS + BUSY_MS);
  expect(report.wrong).toEqual([]);
  expect(faults).toEqual([]);
});

interface Load extends AsyncDisposable {
  readonly pair: Pair;
  readonly fastId: string;
  /** Of every shard: each owner has another. */
  epochs(): Promise<readonly number[]>;
  end(): Promise<{
    readonly stories: readonly Story[];
    readonly faults: readonly string[];
    readonly report: TriggerReport;
  }>;
}

/** Definitions that fire, callers that go to whichever node answers, and a worker on each node. */
async function underLoad(): Promise<Load> {
  const pair = await aPair();
  const urls = [pair.a.server.url, pair.b.server.url];
  const timetables = await Promise.all(
    TIMETABLES.map(async (table) => ({ ...table, id: await defined(pair.a.client, table) })),
  );
  const fastId = timetables[0]?.id ?? "";
  const workers = urls.map(aWorker);
  for (const worker of workers) void worker.start();
  const stopTriggers = startTriggers({
    urls,
    definitionIds: [fastId],
    callers: 3,
    pauseMs: 20,
    random: seededRandom(1),
  });
  await sleep(2000);
  return {
    pair,
    fastId,
    epochs: async () => {
      const sql = "select epoch from belfry.shard_log order by shard";
      return (await query<{ epoch: string }>(pair.databaseUrl, sql)).map(({ epoch }) => Number(epoch));
    },
    end: async () => {
      const report = await stopTriggers();
      const { stories, faults } = await aftermath(pair.b.client, pair.databaseUrl, timetables, report.acknowledged);
      return { stories, faults, report };
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(workers.map((worker) => worker.stop({ graceMs: 0 })));
      await pair[Symbol.asyncDispose]();
    },
  };
}

function aWorker(url: string): Worker {
  return createWorker({
    url,
    queue: QUEUE,
    concurrency: 20,
    reconnect: { initialMs: 20, maxMs: 200 },
    handler: async () => {
      await sleep(30);
    },
  });
}

/** Resolves when the next owner has fired. */
async function firesAgain({ pair, fastId }: Load): Promise<void> {
  const from = Date.now();
  await until(async () => {
    const { occurrences } = await pair.b.client.definitions.listOccurrences({ definitionId: fastId, pageSize: 1 });
    const [last] = occurrences;
    return last?.decideTime !== undefined && timestampMs(last.decideTime) > from;
  }, "the next owner fires");
  await sleep(1000);
}

/** The longest time in which nothing was fired. */
function longestGap(story: Story | undefined): number {
  const firedAt = (story?.occurrences ?? [])
    .map(({ decideTime }) => (decideTime ? timestampMs(decideTime) : Number.NaN))
    .toSorted((one, other) => one - other);
  return Math.max(...firedAt.map((at, index) => at - (firedAt[index - 1] ?? at)));
}

function figures(tookMs: number, stories: readonly Story[]): string {
  const instances = stories.reduce((sum, story) => sum + story.instances.length, 0);
  const gapMs = Math.round(longestGap(stories[0]));
  return `all shards taken over in ${Math.round(tookMs)} ms, longest time without a firing ${gapMs} ms, ${instances} instances`;
}
