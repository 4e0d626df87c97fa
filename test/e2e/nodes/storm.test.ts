import { setTimeout as sleep } from "node:timers/promises";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { CatchUpMode, OccurrenceOutcome, OverlapPolicy } from "../../../src/client/index.ts";
import type { Story } from "../../support/ledger-checks.ts";
import { seededRandom } from "../../support/load.ts";
import type { Timetable } from "../../support/load.ts";
import type { ClusterNode, NodeCluster } from "../../support/node-cluster.ts";
import { startNodeCluster } from "../../support/node-cluster.ts";
import { measureStalls } from "../../support/stall-meter.ts";
import type { Adversity } from "./adversities.ts";
import { ADVERSITIES } from "./adversities.ts";
import { startLoad } from "./cluster-load.ts";
import { allFireAfter, longestSilenceAfter } from "./firing.ts";

/** `BELFRY_NODES_SEED` repeats a storm: what happens to whom, and in which order; what the machine makes of it differs. */
const SEED = Number(process.env["BELFRY_NODES_SEED"] ?? Date.now() % 1_000_000);
/** How long new adversities come. Each comes once at least. */
const STORM_MS = Number(process.env["BELFRY_NODES_STORM_MS"] ?? 110_000);
const DEFINITIONS = 200;
/** A killed node's shards run elsewhere within this. */
const TAKEOVER_MS = 5000;
/** Between two adversities. */
const CALM_MS = 1000;

const { ALLOW_ALL, SKIP, BUFFER_ALL } = OverlapPolicy;
const OVERLAPS = [ALLOW_ALL, ALLOW_ALL, ALLOW_ALL, SKIP, BUFFER_ALL] as const;
/** All fire every second, spread over the second. None may be left out, however late it is. */
const TIMETABLES: readonly Timetable[] = Array.from({ length: DEFINITIONS }, (_, index) => ({
  name: `storm ${index}`,
  rule: { kind: "phase", intervalMs: 1000, phaseMs: (index * 1000) / DEFINITIONS },
  overlapPolicy: OVERLAPS[index % OVERLAPS.length] ?? ALLOW_ALL,
  catchUp: CatchUpMode.FIRE_ALL,
}));

interface Blow {
  readonly adversity: Adversity;
  readonly at: number;
  readonly tookMs: number;
}

test(
  `three nodes with ${DEFINITIONS} definitions that fire every second lose nothing and do nothing twice, whatever dies, hangs or drains`,
  { timeout: 900_000 },
  async () => {
    console.log(`BELFRY_NODES_SEED=${SEED}`);
    const random = seededRandom(SEED);
    await using stalls = measureStalls({ favoured: true });
    await using cluster = await startNodeCluster({ nodes: 3, favoured: true });
    await cluster.shared();
    await using load = await startLoad(cluster, TIMETABLES, { count: 6, random });

    const blows = await storm(cluster, random);

    const { stories, figures, ...report } = await load.end();
    const silences = blows.map(({ at }) => longestSilenceAfter(at, stories, stalls));
    for (const [index, { adversity, tookMs }] of blows.entries()) {
      console.log(
        `${adversity.what}: every definition fired again after ${silences[index]} ms; whole after ${Math.round(tookMs)} ms`,
      );
    }
    console.log(`${figures}; the machine itself stood still for ${stalls.longest()} ms at most`);
    const faults = [...report.faults, ...stories.flatMap(unfired)];
    if (faults.length > 0) console.log(cluster.nodes.map(troublesOf).join("\n"));
    expect(faults).toEqual([]);
    const tooLong = blows.filter(
      ({ adversity }, index) => adversity.orphans && !((silences[index] ?? 0) <= TAKEOVER_MS),
    );
    expect(tooLong.map(({ adversity }) => adversity.what)).toEqual([]);
  },
);

/** Every adversity comes once, in an order of chance, and then again until the time is over. */
async function storm(cluster: NodeCluster, random: () => number): Promise<readonly Blow[]> {
  const blows: Blow[] = [];
  const from = performance.now();
  let waiting: Adversity[] = [];
  while (blows.length < ADVERSITIES.length || performance.now() - from < STORM_MS) {
    if (waiting.length === 0) waiting = shuffled(ADVERSITIES, random);
    const adversity = waiting.pop();
    if (adversity === undefined) throw new Error("there are no adversities");
    await sleep(random() * CALM_MS);
    const began = performance.now();
    const nodes = shuffled(cluster.nodes, random) as [ClusterNode, ClusterNode, ClusterNode];
    const at = await adversity.run(cluster, { nodes, upTo: (ms) => random() * ms });
    await allFireAfter(Date.now(), cluster.databaseUrl);
    blows.push({ adversity, at, tookMs: performance.now() - began });
  }
  return blows;
}

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  return items
    .map((item) => ({ item, place: random() }))
    .toSorted((one, other) => one.place - other.place)
    .map(({ item }) => item);
}

/** Due times that were left out although the catch-up policy fires all, of definitions that leave out none for another reason. */
function unfired({ definition, occurrences }: Story): string[] {
  if (definition.overlapPolicy === SKIP) return [];
  return occurrences
    .filter(({ outcome }) => outcome !== OccurrenceOutcome.FIRED && outcome !== OccurrenceOutcome.PAUSED)
    .map(({ scheduledTime, reason }) => {
      const at = scheduledTime === undefined ? Number.NaN : timestampMs(scheduledTime);
      return `${definition.name}: what was due at ${new Date(at).toISOString()} was not fired (${reason})`;
    });
}

/** What a node complained about last. */
function troublesOf({ id, output }: ClusterNode): string {
  const lines = output()
    .split("\n")
    .filter((line) => /"level":"(?:warn|error)"/.test(line));
  return [`Node ${id} said:`, ...lines.slice(-20)].join("\n");
}
