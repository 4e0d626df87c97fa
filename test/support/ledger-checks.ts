/**
 * What must hold of everything that a server has accepted, whatever happened to it meanwhile: looked up through the API and in the tables
 * themselves, and compared with what should be there by simple reckoning. Every check gives the sentences that say what is wrong.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Client } from "pg";
import type { BelfryClient, Definition, Instance, Occurrence } from "../../src/client/index.ts";
import { InstanceState, OccurrenceOutcome, TriggerKind } from "../../src/client/index.ts";
import type { Rule } from "./load.ts";
import { untilAnswered } from "./load.ts";

/** A definition as the API has it at the end, with all that became of it. */
export interface Story {
  readonly rule: Rule;
  readonly definition: Definition;
  readonly instances: readonly Instance[];
  readonly occurrences: readonly Occurrence[];
}

export interface Aftermath {
  readonly stories: readonly Story[];
  /** How long it took until the last instance had ended. */
  readonly drainedInMs: number;
  readonly faults: readonly string[];
}

const PAGE = 500;
const DRAIN_WITHIN_MS = 60_000;
const FINAL: ReadonlyMap<InstanceState, string> = new Map([
  [InstanceState.COMPLETED, "completed"],
  [InstanceState.FAILED, "failed"],
  [InstanceState.CANCELLED, "cancelled"],
  [InstanceState.TIMED_OUT, "timed_out"],
]);
const ENDINGS = new Set(FINAL.values());
const WITH_INSTANCE: ReadonlySet<OccurrenceOutcome> = new Set([OccurrenceOutcome.FIRED, OccurrenceOutcome.BUFFERED]);

/** Stops the firing, waits until all that was accepted has ended, and checks everything. */
export async function aftermath(
  client: BelfryClient,
  databaseUrl: string,
  definitions: readonly { readonly id: string; readonly rule: Rule }[],
  acknowledged: ReadonlyMap<string, string>,
): Promise<Aftermath> {
  const paused = await Promise.all(
    definitions.map(({ id }) =>
      untilAnswered(() => client.definitions.pauseDefinition({ definitionId: id, requestId: `pause ${id}` })),
    ),
  );
  const pausedAt = paused.map(({ definition }) =>
    definition?.updateTime ? timestampMs(definition.updateTime) : Number.NaN,
  );
  const drainedInMs = await drained(databaseUrl);
  // While a definition is paused its due times still go into the ledger; what is read from here on stands still.
  await Promise.all(
    definitions.map(({ id }) =>
      untilAnswered(() => client.definitions.cancelDefinition({ definitionId: id, requestId: `cancel ${id}` })),
    ),
  );
  const stories = await Promise.all(
    definitions.map(({ id, rule }) => untilAnswered(() => readStory(client, id, rule))),
  );
  const faults = [
    ...stories.flatMap((story, index) => ledgerFaults(story, pausedAt[index] ?? Number.NaN)),
    ...stories.flatMap(instanceFaults),
    ...triggerFaults(stories, acknowledged),
    ...(await eventFaults(databaseUrl, stories)),
    ...(await tableFaults(databaseUrl, stories)),
  ];
  return { stories, drainedInMs, faults };
}

/** Resolves when no instance is unfinished, with how long it took; after a limit, too: then the checks say what is left. */
async function drained(databaseUrl: string): Promise<number> {
  const from = performance.now();
  for (let idle = 0; idle < 3 && performance.now() - from < DRAIN_WITHIN_MS;) {
    const [row] = await query<{ unfinished: string }>(
      databaseUrl,
      "select count(*) as unfinished from belfry.instance",
    );
    idle = Number(row?.unfinished) === 0 ? idle + 1 : 0;
    await sleep(100);
  }
  return performance.now() - from;
}

async function readStory(client: BelfryClient, definitionId: string, rule: Rule): Promise<Story> {
  const { definition } = await client.definitions.getDefinition({ definitionId });
  if (definition === undefined) throw new Error(`no definition ${definitionId}`);
  const instances: Instance[] = [];
  const occurrences: Occurrence[] = [];
  for (let pageToken = ""; ;) {
    const page = await client.instances.listInstances({ definitionId, pageSize: PAGE, pageToken });
    instances.push(...page.instances);
    if ((pageToken = page.nextPageToken) === "") break;
  }
  for (let pageToken = ""; ;) {
    const page = await client.definitions.listOccurrences({ definitionId, pageSize: PAGE, pageToken });
    occurrences.push(...page.occurrences);
    if ((pageToken = page.nextPageToken) === "") break;
  }
  return { rule, definition, instances, occurrences };
}

/** The due times after `after` up to and including `until`. */
function dueTimes(rule: Rule, createdAt: number, until: number): number[] {
  const times: number[] = [];
  const [step, first] =
    rule.kind === "seconds"
      ? [1000, Math.floor(createdAt / 1000) * 1000 + 1000]
      : rule.kind === "sinceCreation"
        ? [rule.intervalMs, createdAt + rule.intervalMs]
        : [rule.intervalMs, nextOfPhase(createdAt, rule.intervalMs, rule.phaseMs)];
  for (let at = first; at <= until; at += step) {
    if (rule.kind !== "seconds" || ((at / 1000) % 60) % rule.step === 0) times.push(at);
  }
  return times;
}

function nextOfPhase(after: number, intervalMs: number, phaseMs: number): number {
  const before = after - ((((after - phaseMs) % intervalMs) + intervalMs) % intervalMs);
  return before + intervalMs;
}

/** Every due time from the creation to `until` has one row, and no row is for another time. */
function ledgerFaults({ rule, definition, occurrences }: Story, until: number): string[] {
  const rows = occurrences.map(({ scheduledTime }) => (scheduledTime ? timestampMs(scheduledTime) : Number.NaN));
  const createdAt = definition.createTime ? timestampMs(definition.createTime) : Number.NaN;
  const due = dueTimes(rule, createdAt, Math.max(until, ...rows));
  const known = new Set(rows);
  const expected = new Set(due);
  const faults: string[] = [];
  if (known.size !== rows.length)
    faults.push(`${definition.name}: ${rows.length - known.size} due times have several rows`);
  for (const at of due) if (!known.has(at)) faults.push(`${definition.name}: nothing is known of ${iso(at)}`);
  for (const at of known) if (!expected.has(at)) faults.push(`${definition.name}: ${iso(at)} was never due`);
  return faults;
}

/** Fired occurrences and instances belong to each other one to one; every instance has ended; the counters say the same. */
function instanceFaults({ definition, instances, occurrences }: Story): string[] {
  const { name } = definition;
  const faults: string[] = [];
  const byId = new Map(instances.map((instance) => [instance.id, instance]));
  if (byId.size !== instances.length) faults.push(`${name}: the list of instances shows some twice`);
  for (const { id, state } of instances) {
    if (!FINAL.has(state)) faults.push(`${name}: instance ${id} is still ${nameOf(InstanceState, state)}`);
  }

  const fired = new Set<string>();
  for (const { outcome, instanceId, scheduledTime } of occurrences) {
    if (!WITH_INSTANCE.has(outcome)) {
      if (instanceId !== "")
        faults.push(
          `${name}: an occurrence that is ${nameOf(OccurrenceOutcome, outcome)} has the instance ${instanceId}`,
        );
      continue;
    }
    if (fired.has(instanceId)) faults.push(`${name}: instance ${instanceId} stands for two due times`);
    fired.add(instanceId);
    const instance = byId.get(instanceId);
    if (instance === undefined) faults.push(`${name}: instance ${instanceId} of the ledger does not exist`);
    else if (
      !scheduledTime ||
      !instance.scheduledTime ||
      timestampMs(instance.scheduledTime) !== timestampMs(scheduledTime)
    ) {
      faults.push(`${name}: instance ${instanceId} has another due time than its row in the ledger`);
    }
  }
  for (const { id, trigger } of instances) {
    if (trigger === TriggerKind.SCHEDULE && !fired.has(id))
      faults.push(`${name}: scheduled instance ${id} is not in the ledger`);
  }

  const { counters } = definition;
  const count = (state: InstanceState): number => instances.filter((instance) => instance.state === state).length;
  const counted = {
    active: instances.filter(({ state }) => !FINAL.has(state)).length,
    created: instances.length,
    completed: count(InstanceState.COMPLETED),
    failed: count(InstanceState.FAILED),
    cancelled: count(InstanceState.CANCELLED),
    timedOut: count(InstanceState.TIMED_OUT),
    notFired: occurrences.filter(({ outcome }) => !WITH_INSTANCE.has(outcome)).length,
    occurrences: occurrences.length,
  };
  for (const [key, value] of Object.entries(counted)) {
    const told = Number(counters?.[key as keyof typeof counted] ?? Number.NaN);
    if (told !== value) faults.push(`${name}: its counter ${key} says ${told}, there are ${value}`);
  }
  return faults;
}

/** Each acknowledged trigger made one instance that exists, and nobody else made any. */
function triggerFaults(stories: readonly Story[], acknowledged: ReadonlyMap<string, string>): string[] {
  const faults: string[] = [];
  const made = new Set(acknowledged.values());
  if (made.size !== acknowledged.size) faults.push(`${acknowledged.size} requests made only ${made.size} instances`);
  const manual = new Set(
    stories.flatMap(({ instances }) =>
      instances.filter(({ trigger }) => trigger === TriggerKind.MANUAL).map(({ id }) => id),
    ),
  );
  for (const id of made) if (!manual.has(id)) faults.push(`the acknowledged instance ${id} does not exist`);
  for (const id of manual) if (!made.has(id)) faults.push(`nobody heard of the triggered instance ${id}`);
  return faults;
}

type Packed = readonly [resource: string, id: string, name: string, at: number, data: { readonly attempt?: number }];

/** The event log has no gap; each instance was created once, ended once, and started each of its attempts once. */
async function eventFaults(databaseUrl: string, stories: readonly Story[]): Promise<string[]> {
  const packs = await query<{ shard: number; first: string; last: string; events: readonly Packed[] }>(
    databaseUrl,
    `select shard, first_sequence as first, last_sequence as last, events from belfry.event order by shard, last_sequence`,
  );
  const ends = await query<{ shard: number; last: string }>(
    databaseUrl,
    `select shard, last_sequence as last from belfry.shard_log`,
  );
  const faults: string[] = [];
  const lasts = new Map<number, number>();
  const told = new Map<string, { created: number; attempts: number[]; endings: string[] }>();
  for (const { shard, first, last, events } of packs) {
    const before = lasts.get(shard) ?? 0;
    if (Number(first) !== before + 1) faults.push(`shard ${shard}: event ${first} follows event ${before}`);
    if (Number(last) !== Number(first) + events.length - 1)
      faults.push(`shard ${shard}: events ${first} to ${last} are ${events.length}`);
    lasts.set(shard, Number(last));
    for (const [resource, id, name, , data] of events) {
      if (resource !== "instance") continue;
      const life = told.get(id) ?? { created: 0, attempts: [], endings: [] };
      told.set(id, life);
      if (name === "created") life.created++;
      if (name === "started") life.attempts.push(data.attempt ?? Number.NaN);
      // Nobody heard of it: it does not count, and the next one takes its number.
      if (name === "returned" && life.attempts.pop() !== data.attempt) life.attempts.push(Number.NaN);
      if (ENDINGS.has(name)) life.endings.push(name);
    }
  }
  for (const { shard, last } of ends) {
    if (Number(last) !== (lasts.get(shard) ?? 0)) faults.push(`shard ${shard}: its log should end with event ${last}`);
  }

  const instances = stories.flatMap((story) => story.instances);
  for (const { id, state, attemptCount } of instances) {
    const { created = 0, attempts = [], endings = [] } = told.get(id) ?? {};
    told.delete(id);
    if (created !== 1) faults.push(`instance ${id} was created ${created} times`);
    if (endings.length !== 1 || endings[0] !== FINAL.get(state)) {
      faults.push(`instance ${id} is ${nameOf(InstanceState, state)} and ended as ${endings.join(", ") || "nothing"}`);
    }
    if (attempts.join() !== oneTo(attemptCount).join())
      faults.push(`instance ${id} started its ${attemptCount} attempts as ${attempts.join()}`);
  }
  for (const id of told.keys()) faults.push(`the log tells of instance ${id}, which does not exist`);
  return faults;
}

/** The history has each attempt once; nothing waits in a queue; nothing unfinished is left. */
async function tableFaults(databaseUrl: string, stories: readonly Story[]): Promise<string[]> {
  const faults: string[] = [];
  const [left] = await query<{ unfinished: string; waiting: string }>(
    databaseUrl,
    `select (select count(*) from belfry.instance) as unfinished, (select count(*) from belfry.queue_entry) as waiting`,
  );
  if (Number(left?.unfinished) !== 0) faults.push(`${left?.unfinished} instances are unfinished`);
  if (Number(left?.waiting) !== 0) faults.push(`${left?.waiting} places in queues are taken`);
  const histories = await query<{ id: string; numbers: number[] }>(
    databaseUrl,
    `select instance_id as id, array_agg(number order by number) as numbers from belfry.attempt group by instance_id`,
  );
  const byId = new Map(histories.map(({ id, numbers }) => [id, numbers]));
  for (const { id, attemptCount } of stories.flatMap((story) => story.instances)) {
    const numbers = byId.get(id) ?? [];
    if (numbers.join() !== oneTo(attemptCount).join())
      faults.push(`instance ${id} made ${attemptCount} attempts; its history has ${numbers.join()}`);
  }
  return faults;
}

function nameOf(vocabulary: Readonly<Record<string, number>>, value: number): string {
  return Object.entries(vocabulary).find(([, known]) => known === value)?.[0] ?? String(value);
}

function oneTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

export async function query<Row>(databaseUrl: string, sql: string, values: readonly unknown[] = []): Promise<Row[]> {
  const client = new Client({ connectionString: databaseUrl });
  client.on("error", () => {});
  await client.connect();
  try {
    const { rows } = await client.query(sql, [...values]);
    return rows as Row[];
  } finally {
    await client.end();
  }
}
