/**
 * One run: a cluster, its load and its faults, all by the seed; and what is found to be wrong.
 *
 * Real are the actors, the runtime, its journal and routing, and the store in memory, which holds what the store's contract suite asks of every
 * store. Simulated is what stands behind their ports: time, chance, the lines to the store, the network, the stream of events, the services
 * that nodes ask, the receivers of webhooks, what locks protect, workers and callers (`world`, `load`). The storm (`faults`) lets all of it go wrong, and lets processes die at any crossing of
 * a port. The witness (`audit`) stands at the store, sees the one order in which everything became durable, and holds each commit, each answer
 * and in the end the whole against what was promised. After the storm everything is mended, and all that was accepted must come to its end.
 *
 * Nothing but the scheduler moves anything, so a seed says it all: the same seed is the same run, watched or not. Planted bugs (`mutants`)
 * show that the rules bite.
 */
import { createMemoryStore } from "../../src/store/memory/memory-store.ts";
import type { Finding } from "./audit/audit.ts";
import { Promises } from "./audit/promises.ts";
import { PublishedEvents } from "./audit/published.ts";
import { Witness } from "./audit/witness.ts";
import { Storm } from "./faults/storm.ts";
import { Callers } from "./load/callers.ts";
import { Dispatchers } from "./load/dispatchers.ts";
import { LockContest } from "./load/lock-contest.ts";
import { Lockers } from "./load/lockers.ts";
import { Peace } from "./load/peace.ts";
import { Poller } from "./load/poller.ts";
import { RemoteCalls } from "./load/remote-call.ts";
import { report } from "./load/reports.ts";
import { QUEUES } from "./load/specs.ts";
import { StreamWorker } from "./load/stream-worker.ts";
import type { WorkPlace } from "./load/work-place.ts";
import type { Mutant } from "./mutants/mutant.ts";
import { clockSpreadMs, planOf } from "./plan.ts";
import { Cluster } from "./world/cluster.ts";
import { Dice } from "./world/dice.ts";
import { trueClock } from "./world/machine-clock.ts";
import { EventStreams } from "./world/event-streams.ts";
import { FencedResource } from "./world/fenced-resource.ts";
import { Network } from "./world/network.ts";
import { Receivers } from "./world/receivers.ts";
import { Scheduler } from "./world/scheduler.ts";
import { Services } from "./world/services.ts";
import { Trace } from "./world/trace.ts";

export interface Report {
  readonly seed: number;
  readonly findings: readonly Finding[];
  /** Two runs of one seed have the same. */
  readonly fingerprint: string;
  readonly trace: readonly string[];
  readonly stats: Stats;
}

export interface Stats {
  readonly steps: number;
  readonly simulatedMs: number;
  readonly commits: number;
  readonly instances: number;
  readonly calls: number;
  readonly messages: number;
  readonly deliveries: number;
  readonly locksGranted: number;
  /** By what the locks protect. */
  readonly staleTokensRefused: number;
  readonly deaths: number;
  readonly drains: number;
  readonly faults: number;
}

/** So long it may take until all is quiet after the storm. */
const CALM_WITHIN_MS = 120_000;

export async function simulate(
  seed: number,
  { traced = false, mutant = null }: { readonly traced?: boolean; readonly mutant?: Mutant | null } = {},
): Promise<Report> {
  const dice = new Dice(seed);
  const plan = planOf(dice.fork("plan"));
  const time = new Scheduler();
  const trace = new Trace(traced, () => time.now);
  trace.add("plan", () => JSON.stringify(plan));
  const { shardCount } = plan.options;
  const witness = new Witness({
    time,
    trace,
    shardCount,
    clocksJump: plan.faults.includes("clock-jump"),
    clockSpreadMs: clockSpreadMs(plan),
  });
  const memory = createMemoryStore({ clock: trueClock(time) });
  const store = mutant?.store?.(memory) ?? memory;
  await store.shards.prepare(shardCount);
  const { audit, records, lives, destinations, deliveries, locks, holds } = witness;
  const network = new Network({ time, trace, dice: dice.fork("network") });
  const published = new PublishedEvents(audit, records);
  const handedOut = new Set<string>();
  const streams = new EventStreams({ time, dice: dice.fork("stream"), network, published });
  let peaceful = false;
  const handOut = (token: string): void => {
    audit.require(lives.started.has(token), "an attempt is durable before it is handed out", () => token);
    audit.require(!handedOut.has(token), "an attempt is handed out once", () => token);
    handedOut.add(token);
  };
  deliveries.handOut = handOut;
  const services = new Services({
    time,
    dice: dice.fork("services"),
    network,
    asked: handOut,
    isPeaceful: () => peaceful,
  });
  const cluster: Cluster = new Cluster({
    time,
    trace,
    dice: dice.fork("cluster"),
    plan,
    witness,
    store,
    mutant,
    network,
    streams,
    services,
    receivers: () => receivers,
  });
  const promises = new Promises(audit, records);
  const calls = new RemoteCalls({ time, dice: dice.fork("calls"), audit });
  const { origins } = plan;
  const callers = new Callers({ time, dice: dice.fork("callers"), cluster, calls, records, promises, origins });
  const dispatchers = new Dispatchers({
    time,
    dice: dice.fork("dispatchers"),
    cluster,
    calls,
    records,
    promises,
    destinations,
    origins,
  });
  const resources = new Map(
    plan.locks.map((name) => [name, new FencedResource(name, { time, dice: dice.fork(name), audit, holds })]),
  );
  const lockers = new Lockers({
    time,
    dice: dice.fork("lockers"),
    cluster,
    calls,
    records,
    promises,
    log: locks,
    holds,
    store,
    resources,
    isPeaceful: () => peaceful,
  });

  for (const machine of cluster.machines) {
    time.after(dice.between(0, 500), () => cluster.start(machine));
  }
  const place: WorkPlace = {
    time,
    dice: dice.fork("workers"),
    cluster,
    calls,
    lives,
    audit,
    handOut,
    isPeaceful: () => peaceful,
  };
  const receivers = new Receivers({
    time,
    trace,
    dice: dice.fork("receivers"),
    deliveries,
    origins,
    isPeaceful: () => peaceful,
    report: (token, how) => void report({ ...place, dice: dice.fork(token) }, token, how),
  });
  const workers = Array.from({ length: plan.workers }, (_, index) =>
    new StreamWorker(place, `w${index}`, QUEUES[index % QUEUES.length] ?? "mail", dice.whole(1, 3)).start(),
  );
  for (let index = 0; index < plan.pollers; index++) {
    new Poller(place, `p${index}`, dice.pick(QUEUES)).start();
  }
  for (let index = 0; index < plan.definitions; index++) {
    time.after(dice.between(0, 3000), () => callers.begin());
  }
  time.after(1000, () => callers.keepCalling(plan.callEveryMs, plan.stormMs));
  if (origins.length > 0) {
    time.after(500, () => dispatchers.begin());
    time.after(1000, () => dispatchers.keepCalling(plan.dispatchEveryMs, plan.stormMs));
  }
  if (plan.locks.length > 0) {
    time.after(1000, () => lockers.keepCalling(plan.lockEveryMs, plan.stormMs));
  }
  const storm = new Storm({ time, trace, dice: dice.fork("storm"), plan, cluster, workers, streams });
  storm.rage();

  const isOver = (): boolean => !audit.clean;
  await time.run(plan.stormMs, isOver);
  if (!isOver()) {
    peaceful = true;
    storm.mend();
    const contest = new LockContest({ time, cluster, calls, audit, log: locks, holds });
    const peace = new Peace({
      time,
      place,
      cluster,
      calls,
      load: [callers, dispatchers, lockers],
      contest,
      witness,
      promises,
      published,
      store,
    });
    await time.run(time.now + CALM_WITHIN_MS, () => isOver() || peace.isThere);
    await peace.judge();
  }
  return {
    seed,
    findings: audit.findings,
    fingerprint: time.fingerprint,
    trace: trace.lines(),
    stats: {
      steps: time.steps,
      simulatedMs: time.now,
      commits: witness.commits,
      instances: records.instances.size,
      calls: calls.count,
      messages: network.messages,
      deliveries: deliveries.count,
      locksGranted: locks.granted,
      staleTokensRefused: [...resources.values()].reduce((sum, { refused }) => sum + refused, 0),
      deaths: cluster.deaths,
      drains: cluster.drains,
      faults: storm.faults,
    },
  };
}
