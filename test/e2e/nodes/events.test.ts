import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { BelfryClient, Event } from "../../../src/client/index.ts";
import { OverlapPolicy } from "../../../src/client/index.ts";
import { query } from "../../support/ledger-checks.ts";
import { defined, QUEUE, startWorkerProcess, untilAnswered } from "../../support/load.ts";
import type { ClusterNode, NodeCluster } from "../../support/node-cluster.ts";
import { startNodeCluster } from "../../support/node-cluster.ts";
import { until } from "../../support/until.ts";
import type { ReceivedEvent } from "./subscriber.ts";
import { subscribe, subscriptionFaults } from "./subscriber.ts";

const INSTANCES = 10_000;
const MORE_INSTANCES = 2000;
const DEFINITIONS = 40;
const BATCH = 250;
const STREAM = "BELFRY_EVENTS";
const WORK_WITHIN_MS = 90_000;
const NO_NEWS_MS = 15_000;
const LOOK_EVERY_MS = 20;

const stack = new AsyncDisposableStack();
let cluster: NodeCluster;
let nodes: readonly [ClusterNode, ClusterNode, ClusterNode];
let definitionIds: readonly string[];

beforeAll(async () => {
  cluster = stack.use(await startNodeCluster({ nodes: 3 }));
  nodes = cluster.nodes as typeof nodes;
  await cluster.shared();
  definitionIds = await Promise.all(
    Array.from({ length: DEFINITIONS }, (_, index) =>
      defined(nodes[0].client, {
        name: `by hand ${index}`,
        rule: { kind: "phase", intervalMs: 86_400_000, phaseMs: 0 },
        overlapPolicy: OverlapPolicy.ALLOW_ALL,
      }),
    ),
  );
  for (const { url } of nodes) {
    const worker = startWorkerProcess(url, QUEUE);
    stack.defer(() => worker.kill());
  }
});
afterAll(() => stack.disposeAsync());

test(
  `a plain NATS subscriber sees each event of ${INSTANCES.toLocaleString("en")} instances once and in order, across a node's kill and a restart of NATS`,
  { timeout: 200_000 },
  async () => {
    await using subscriber = await subscribe(cluster.nats.url);
    const from = performance.now();
    const [, victim] = nodes;
    const instances = await triggered(INSTANCES, async (made) => {
      if (made === 0.3 * INSTANCES) victim.kill();
      if (made === 0.6 * INSTANCES) await cluster.nats.restart();
      if (made === 0.7 * INSTANCES) await victim.start();
    });
    await allEnded(INSTANCES);
    const log = await wholeLog(nodes[0].client);
    await caughtUp(subscriber.events, log);

    console.log(
      `${instances.size} instances, ${log.length} events in the log, ${subscriber.events.length} received, in ${seconds(from)} s`,
    );
    expect(instances.size).toBe(INSTANCES);
    expect(subscriptionFaults(subscriber.events, log)).toEqual([]);
    expect(lifelessOf(instances, subscriber.events)).toEqual([]);
    expect(log).toHaveLength(await eventsInTable());
  },
);

test(
  "when the stream is deleted in mid-run it is made anew, and a new subscriber has in the end every event of the log",
  { timeout: 200_000 },
  async () => {
    const before = await eventsInTable();
    const connection = await connect({ servers: cluster.nats.url });
    stack.defer(() => connection.close());
    const streams = await jetstreamManager(connection);
    const deletedAt: number[] = [];
    await triggered(MORE_INSTANCES, async (made) => {
      if (made === 0.25 * MORE_INSTANCES || made === 0.5 * MORE_INSTANCES) {
        await until(() => streams.streams.delete(STREAM), "the stream is there and is deleted");
        deletedAt.push(made);
      }
    });
    await allEnded(INSTANCES + MORE_INSTANCES);
    const log = await wholeLog(nodes[0].client);

    await until(async () => (await streams.streams.info(STREAM)).state.messages > 0, "the stream is made anew");
    await using subscriber = await subscribe(cluster.nats.url);
    const from = performance.now();
    await caughtUp(subscriber.events, log);
    const distinct = new Set(subscriber.events.map(({ id }) => id));
    console.log(
      `deleted after ${deletedAt.join(" and ")} of ${MORE_INSTANCES} instances; ${log.length} events in the log (${before} before), ` +
        `${subscriber.events.length} on the new stream, ${subscriber.events.length - distinct.size} of them twice; all there after ${seconds(from)} s`,
    );
    expect(deletedAt).toHaveLength(2);
    expect([...distinct].toSorted()).toEqual(log.map(({ id }) => id).toSorted());
    expect(log).toHaveLength(await eventsInTable());
  },
);

/**
 * Triggers so many instances in batches, each through the next node, and again when it was not answered.
 *
 * @param reached is told how many were made, before each batch.
 * @returns their ids.
 */
async function triggered(count: number, reached: (made: number) => Promise<void>): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for (let made = 0; made < count; made += BATCH) {
    await reached(made);
    let open = Array.from({ length: BATCH }, () => ({ requestId: randomUUID() }));
    const definitionId = definitionIds[(made / BATCH) % DEFINITIONS] ?? "";
    let turn = made / BATCH;
    while (open.length > 0) {
      const items = open;
      const { results } = await untilAnswered(() => {
        const { client } = nodes[turn++ % nodes.length] as ClusterNode;
        return client.definitions.batchTriggerDefinition({ definitionId, items });
      });
      for (const { instance } of results) if (instance !== undefined) ids.add(instance.id);
      open = items.filter((_, index) => results[index]?.instance === undefined);
    }
  }
  return ids;
}

async function allEnded(count: number): Promise<void> {
  const ended = async (): Promise<boolean> => {
    const sql =
      "select (select count(*) from belfry.instance)::int as unfinished, (select count(*) from belfry.finished_instance)::int as finished";
    const [row] = await query<{ unfinished: number; finished: number }>(cluster.databaseUrl, sql);
    return row?.unfinished === 0 && row.finished === count;
  };
  await until(ended, `all ${count} instances have ended`, WORK_WITHIN_MS);
}

async function wholeLog(client: BelfryClient): Promise<readonly Event[]> {
  const log: Event[] = [];
  for (let pageToken = ""; ;) {
    const page = await client.events.listEvents({ pageSize: 500, pageToken });
    log.push(...page.events);
    if ((pageToken = page.nextPageToken) === "") return log;
  }
}

async function eventsInTable(): Promise<number> {
  const sql = "select sum(last_sequence - first_sequence + 1)::int as events from belfry.event";
  const [row] = await query<{ events: number }>(cluster.databaseUrl, sql);
  return row?.events ?? Number.NaN;
}

/** Resolves when a subscriber has every event of the log, or none has come for a while: then the checks say which are missing. */
async function caughtUp(received: readonly ReceivedEvent[], log: readonly Event[]): Promise<void> {
  const missing = new Set(log.map(({ id }) => id));
  let seen = 0;
  let newsAt = performance.now();
  while (missing.size > 0 && performance.now() - newsAt < NO_NEWS_MS) {
    for (const { id } of received.slice(seen)) missing.delete(id);
    if (received.length > seen) newsAt = performance.now();
    seen = received.length;
    await sleep(LOOK_EVERY_MS);
  }
}

/** Instances whose events, as they were received, do not begin with the creation or do not end with one end. */
function lifelessOf(instances: ReadonlySet<string>, received: readonly ReceivedEvent[]): string[] {
  const lives = new Map<string, string[]>([...instances].map((id) => [id, []]));
  for (const { resourceId, type } of received) lives.get(resourceId)?.push(type);
  const ends = new Set(["belfry.instance.completed", "belfry.instance.failed"]);
  return [...lives]
    .filter(([, types]) => {
      const isOnce = types.filter((type) => ends.has(type)).length === 1;
      return types[0] !== "belfry.instance.created" || !ends.has(types.at(-1) ?? "") || !isOnce;
    })
    .map(([id, types]) => `instance ${id}: ${types.join(", ")}`);
}

function seconds(from: number): string {
  return ((performance.now() - from) / 1000).toFixed(1);
}
