/** A node: its parts wired together. See `docs/architecture.md` for how a decision travels through them. */
import { Activation } from "./activation.ts";
import { ACTORS } from "./actor-logic.ts";
import type { StartedRuntime } from "./api.ts";
import { attemptCommands } from "./attempt-commands.ts";
import { instanceOfToken } from "./attempt-token.ts";
import { CallingOff } from "./calling-off.ts";
import { Actors } from "./cluster/actors.ts";
import { clusterView } from "./cluster/cluster-view.ts";
import { Cluster } from "./cluster/cluster.ts";
import { carryOut, routedCommands } from "./cluster/routed-commands.ts";
import type { LocalCommands } from "./cluster/routed-commands.ts";
import { WorkerExchange, isAnnounced } from "./cluster/worker-exchange.ts";
import { CompoundCommands, keptAnswers } from "./compound-command.ts";
import { configParts } from "./config/config-parts.ts";
import { Deadlines } from "./deadlines.ts";
import { Decisions } from "./decisions.ts";
import { definitionCommands } from "./definition-commands.ts";
import { SharedEventFeed } from "./event-feed.ts";
import { destinationCommands, dispatchCommands } from "./destinations/destination-commands.ts";
import { destinationActors } from "./destinations/destination-actors.ts";
import { ownExecutors } from "./executors/own-executors.ts";
import { executionCommands } from "./executions/execution-commands.ts";
import { Gate } from "./gate.ts";
import { instanceCommands } from "./instance-commands.ts";
import { Journal } from "./journal.ts";
import { lockCommands } from "./locks/lock-commands.ts";
import { Locks } from "./locks/locks.ts";
import { callersLocks } from "./locks/waiting-acquire.ts";
import { maintenanceParts } from "./maintenance/maintenance-parts.ts";
import { Ownership } from "./ownership.ts";
import { Passivation } from "./passivation.ts";
import { Publisher } from "./publishing/publisher.ts";
import { Queues } from "./queues.ts";
import { ReadAhead } from "./read-ahead.ts";
import { Requests } from "./requests.ts";
import { Residents } from "./residents.ts";
import type { InstanceResident } from "./residents.ts";
import type { RuntimeDeps } from "./runtime-deps.ts";
import { RosterChange } from "./roster-change.ts";
import { taskCenterParts } from "./platforms/task-center-parts.ts";
import { SystemDefinitions } from "./system-definitions.ts";
import { Takes } from "./takes.ts";
import { Triggers } from "./triggers.ts";
import { Waking } from "./waking.ts";
import { reportCommands, workerCommands } from "./worker-commands.ts";
import { Workers } from "./workers.ts";

export type { StartedRuntime } from "./api.ts";

/** Starts a node on a store whose shards are prepared. */
export function startRuntime(deps: RuntimeDeps): StartedRuntime {
  const { store, clock, ids, random, log, options } = deps;
  const startedAt = clock.now();
  const residents = new Residents();
  const deadlines = new Deadlines(clock, (keys) => {
    for (const key of keys) {
      waking.wake(key.startsWith("s") ? "supervisor" : "instance", key.slice(1));
    }
  });
  const ownership = new Ownership({
    store: store.shards,
    clock,
    log,
    options,
    events: {
      opened: (shards) => {
        publisher?.opened(shards);
        readAhead.look();
        void waking.adoptQueues(shards.map(({ shard }) => shard));
        maintenance.caretaker.look();
      },
      lost: (lost) => {
        residents.dropShards((shard) => lost.has(shard));
        queues.keepShards((shard) => !lost.has(shard));
        journal.dropShards(lost);
        cluster.lost(lost);
        for (const part of [destinations, centers.platforms, centers.sessions, locks]) {
          part.lost(lost);
        }
        publisher?.lost(lost);
        for (const token of workers.dropAttempts((each) => lost.has(activation.shardOf(instanceOfToken(each) ?? "")))) {
          exchange.takeBack(token);
        }
      },
    },
  });
  const journal = new Journal({
    store: store.journal,
    ownership,
    clock,
    log,
    published: (events) => {
      feed.committed(events);
      publisher?.committed(events);
    },
  });
  const publisher =
    deps.eventStream === undefined
      ? null
      : new Publisher({ stream: deps.eventStream, cursors: store.cursors, events: store.queries, clock, log });
  const cluster = new Cluster({
    bus: deps.bus,
    clock,
    log,
    store: store.shards,
    ownership,
    journal,
    options,
    incarnation: ids.uuid(),
    realm: deps.realm ?? "",
    self: () => ({
      address: deps.about?.address() ?? "",
      version: deps.about?.version ?? "",
      startedAt,
      shards: ownership.size,
      residents: residents.size,
      uncommitted: journal.uncommitted,
      unpublished: publisher?.lag() ?? 0,
      queues: queues.staffedQueues().filter(isAnnounced),
    }),
    events: {
      heard: (node, heartbeat) => exchange.heard(node, heartbeat),
      joined: (node) => exchange.joined(node),
      left: (node, forGood) => exchange.left(node, forGood),
      connected: (is) => publisher?.connected(is),
      leaving: async (shards) => publisher?.settled(shards, options.settlePublishingMs),
    },
  });
  const feed = new SharedEventFeed({ clock, log, link: cluster.link });
  const queues = new Queues({ clock, ids, log, store: store.actors, journal, residents, ownership, options });
  const workers = new Workers({
    queues,
    journal,
    ids,
    undelivered: (token) => exchange.takeBack(token),
    begun: (token) => exchange.begun(token),
  });
  const callingOff = new CallingOff({
    clock,
    log,
    store: store.actors,
    journal,
    residents,
    ownership,
    activation: () => activation,
    decisions: () => decisions,
  });
  const decisions = new Decisions({
    clock,
    random,
    journal,
    ownership,
    residents,
    deadlines,
    executor: {
      offer: (resident) => queues.offer(resident),
      withdraw: (resident) => queues.withdraw(resident),
      dispatch: (resident) => workers.dispatch(resident),
      signal: (resident, effect) => workers.signal(resident, effect),
      release: (token) => workers.release(token),
      settle: () => queues.settle(),
    },
    followUps: {
      callOff: (supervisor) => callingOff.begin(supervisor),
      releaseLater: (supervisor, instanceId) => void waking.releaseLater(supervisor, instanceId),
    },
    actors: deps.actors ?? ACTORS,
  });
  const activation: Activation = new Activation({
    clock,
    store: store.actors,
    ownership,
    residents,
    options,
    events: {
      activated: (resident) => {
        decisions.arm(resident);
        if (resident.kind === "supervisor" && resident.supervision.cancelling !== undefined) {
          callingOff.begin(resident);
        }
      },
      released: (supervisor, released) => decisions.run(() => decisions.releaseAll(supervisor, released)),
    },
  });
  const served = {
    node: deps,
    actors: deps.actors ?? ACTORS,
    workers: () => routedWorkers,
    waitingFor: (queue: string) => queues.waitingIn(queue),
  };
  const destinations = destinationActors({ ...served, ownership, journal, decisions });
  const exchange = new WorkerExchange({
    clock,
    log,
    cluster,
    queues,
    workers,
    journal,
    attempts: () => routed.attempts,
    run: (change) => decisions.run(change),
    nodeId: options.nodeId,
    shardCount: options.shardCount,
    everyMs: options.heartbeatMs,
    serve: (queue) => destinations.serve(queue) || centers.platforms.serve(queue),
  });
  queues.bind(
    {
      start: (resident, attempt) => decisions.instance(resident, { type: "START", at: clock.now(), ...attempt }),
      activate: async (wanted) =>
        (await Promise.all(wanted.map((id) => activation.instance(id)))).filter(
          (resident): resident is InstanceResident => resident !== null,
        ),
      run: (decide) => decisions.run(decide),
    },
    exchange,
  );
  const locks = new Locks({ node: deps, ownership, journal });
  const requests = new Requests({ store: store.actors, journal, ownership, clock, log });
  const gate = new Gate({ journal, options });
  const systemDefinitions = new SystemDefinitions({ clock, journal, ownership, residents, activation, decisions });
  const takes = new Takes({ clock, ids, journal, deadlines, decisions, options });
  const rosterChange = new RosterChange({ store: store.actors, journal, residents, decisions });
  const triggers = new Triggers({
    clock,
    ids,
    queries: store.queries,
    journal,
    residents,
    activation,
    decisions,
    requests,
  });
  const waking = new Waking({
    clock,
    log,
    store: store.actors,
    residents,
    ownership,
    activation,
    decisions,
    deadlines,
    queues,
    takes,
  });
  const readAhead = new ReadAhead({
    store: store.actors,
    clock,
    log,
    ownership,
    options,
    activate: (wakeups) => waking.bringDue(wakeups),
  });
  const passivation = new Passivation({ clock, journal, deadlines, residents, readAhead, options });
  const commands = {
    clock,
    ids,
    journal,
    ownership,
    residents,
    deadlines,
    activation,
    decisions,
    requests,
    gate,
    takes,
    rosterChange,
    triggers,
  };
  const configuration = configParts(deps, commands);
  const shared = { ...served, commands, systemDefinitions, routed: () => routed };
  const centers = taskCenterParts(shared);
  const definitions = definitionCommands(commands);
  const maintenance = maintenanceParts({ ...shared, definitions, configs: () => configs });
  const local: LocalCommands = {
    ...centers.local,
    definitions,
    instances: instanceCommands(commands),
    reports: reportCommands(commands),
    attempts: attemptCommands({
      ...commands,
      nodeId: options.nodeId,
      adopt: (holder, token, resident) => exchange.adopt(holder, token, resident),
      runsElsewhere: (token, holder) => exchange.runsElsewhere(token, holder),
    }),
    answers: keptAnswers(commands),
    destinations: destinationCommands({ ...commands, destinations }),
    dispatches: dispatchCommands({ ...commands, destinations, systemDefinitions }),
    configs: configuration.local,
    locks: lockCommands({ ...commands, locks }),
    executions: executionCommands({ ...commands, systemDefinitions, results: deps.resultBackend }),
    maintenance: maintenance.local,
  };
  const routed = routedCommands({
    local,
    router: cluster.router,
    clock,
    random,
    shardCount: options.shardCount,
    readDefinition: async (id) => (await store.queries.getDefinition(id))?.definition ?? null,
  });
  const configs = configuration.facade(routed.configs);
  cluster.link.answer("command", (_, call) => carryOut(local, call));
  const actors = new Actors({
    clock,
    cluster,
    residents,
    served: () => [...destinations.views(), ...centers.platforms.views(), ...locks.views()],
    queues,
    nodeId: options.nodeId,
  });
  const compound = new CompoundCommands(routed.answers);
  const routedWorkers = workerCommands({
    clock,
    decisions,
    gate,
    workers,
    nodeId: options.nodeId,
    reports: routed.reports,
    attempts: routed.attempts,
    lose: (token, session) => exchange.lose(token, session),
    takeBack: (token) => exchange.takeBack(token),
  });

  ownership.start();
  cluster.start();
  exchange.start();
  publisher?.start();
  readAhead.start();
  passivation.start();
  requests.start();
  const executors = ownExecutors({
    node: deps,
    workers: routedWorkers,
    jobs: new Map([...centers.jobs(), ...maintenance.jobs]),
    serving: [destinations, centers.platforms],
  });
  executors.start();
  [centers.sessions, locks, maintenance.caretaker].forEach((part) => part.start());

  function quiesce(): void {
    queues.close();
    workers.drain();
    cluster.beginDrain();
  }

  async function stopParts(): Promise<void> {
    requests.stop();
    passivation.stop();
    [centers.sessions, locks, maintenance.caretaker].forEach((part) => part.stop());
    exchange.stop();
    feed.stop();
    deadlines.stop();
    await Promise.all([readAhead.stop(), publisher?.stop()]);
  }

  return {
    definitions: routed.definitions,
    instances: routed.instances,
    dispatches: routed.dispatches,
    destinations: routed.destinations,
    executions: routed.executions,
    taskCenters: centers.facade(),
    configs,
    locks: callersLocks({ routed: routed.locks, clock, ids, isLeaving: () => gate.draining }),
    workers: routedWorkers,
    events: feed,
    cluster: clusterView(cluster, actors),
    repeatable: (command, carryOutAll) => compound.once(command, carryOutAll),
    status: () => ({
      nodeId: options.nodeId,
      ownedShards: ownership.shards().map(({ shard }) => shard),
      shardCount: options.shardCount,
      residents: residents.size,
      uncommitted: journal.uncommitted,
      draining: gate.draining,
      ready: !gate.draining && !journal.away && cluster.answers,
    }),
    ready: () => cluster.established,
    quiesce,
    drain: async () => {
      quiesce();
      await executors.stop(() => gate.close());
      // What falls due is taken until its shard is somebody else's.
      await cluster.giveAway();
      await stopParts();
      await journal.settled();
      await cluster.leave();
    },
    crash: async () => {
      executors.abandon();
      gate.close();
      journal.abandon();
      await Promise.all([stopParts(), cluster.abandon()]);
    },
  };
}
