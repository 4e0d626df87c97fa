/** A node: its parts wired together. See `docs/architecture.md` for how a decision travels through them. */
import type { StatusEvent } from "../domain/event/status-event.ts";
import type { InstanceEvent } from "../actors/instance/events.ts";
import { BelfryError } from "../domain/error.ts";
import type { Clock } from "../ports/clock.ts";
import type { Ids } from "../ports/ids.ts";
import type { Log } from "../ports/log.ts";
import type { Random } from "../ports/random.ts";
import type { Wakeup } from "../ports/store/actors.ts";
import { StoreUnavailable } from "../ports/store/journal.ts";
import type { Store } from "../ports/store/store.ts";
import { Activation } from "./activation.ts";
import type { Runtime } from "./api.ts";
import { instanceOfToken } from "./attempt-token.ts";
import { CallingOff } from "./calling-off.ts";
import { Deadlines } from "./deadlines.ts";
import { Decisions } from "./decisions.ts";
import { definitionCommands } from "./definition-commands.ts";
import { Gate } from "./gate.ts";
import { instanceCommands } from "./instance-commands.ts";
import { Journal } from "./journal.ts";
import type { RuntimeOptions } from "./options.ts";
import { Ownership } from "./ownership.ts";
import { Passivation } from "./passivation.ts";
import { Queues } from "./queues.ts";
import { ReadAhead } from "./read-ahead.ts";
import { Requests } from "./requests.ts";
import { Residents } from "./residents.ts";
import type { InstanceResident, SupervisorResident } from "./residents.ts";
import { RosterChange } from "./roster-change.ts";
import { carriedOutOnce } from "./compound-command.ts";
import { Takes } from "./takes.ts";
import { Triggers } from "./triggers.ts";
import { workerCommands } from "./worker-commands.ts";
import { Workers } from "./workers.ts";

export interface RuntimeDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly log: Log;
  readonly options: RuntimeOptions;
}

export interface StartedRuntime extends Runtime {
  /** Stops at once, as a crash would: nothing is committed, nothing is released. For tests and for the last resort. */
  crash(): Promise<void>;
}

const AGAIN_MS = 200;

/** Starts a node on a store whose shards are prepared. */
export function startRuntime({ store, clock, ids, random, log, options }: RuntimeDeps): StartedRuntime {
  const residents = new Residents();
  const listeners = new Set<(events: readonly StatusEvent[]) => void>();
  const deadlines = new Deadlines(clock, (keys) => {
    for (const key of keys) {
      wake(key.startsWith("s") ? "supervisor" : "instance", key.slice(1));
    }
  });
  const ownership = new Ownership({
    store: store.shards,
    clock,
    log,
    options,
    events: {
      opened: (shards) => {
        readAhead.look();
        void adoptQueues(shards.map(({ shard }) => shard));
      },
      lost: (lost) => {
        residents.dropShards((shard) => lost.has(shard));
        queues.keepShards((shard) => !lost.has(shard));
        journal.dropShards(lost);
        workers.dropAttempts((token) => lost.has(activation.shardOf(instanceOfToken(token) ?? "")));
      },
    },
  });
  const journal = new Journal({
    store: store.journal,
    ownership,
    clock,
    log,
    published: (events) => {
      for (const listener of listeners) {
        try {
          listener(events);
        } catch (error) {
          log.error("a listener to events failed", { error });
        }
      }
    },
  });
  const queues = new Queues({ clock, ids, log, store: store.actors, journal, residents, ownership, options });
  const workers = new Workers({ queues, journal, ids, undelivered: takeBack });
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
      releaseLater,
    },
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
  queues.bind({
    start: (resident, attempt) => decisions.instance(resident, { type: "START", at: clock.now(), ...attempt }),
    activate: async (wanted) =>
      (await Promise.all(wanted.map((id) => activation.instance(id)))).filter(
        (resident): resident is InstanceResident => resident !== null,
      ),
    run: (decide) => decisions.run(decide),
  });
  const requests = new Requests({ store: store.actors, journal, clock, log });
  const gate = new Gate({ journal, options });
  const takes = new Takes({ clock, ids, journal, deadlines, decisions, options });
  const rosterChange = new RosterChange({ store: store.actors, journal, residents, decisions });
  const triggers = new Triggers({ clock, ids, queries: store.queries, journal, activation, decisions, requests });
  const readAhead = new ReadAhead({ store: store.actors, clock, log, ownership, options, activate: bringDue });
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

  /** A deadline may have passed. */
  function wake(kind: Wakeup["kind"], id: string): void {
    try {
      if (kind === "supervisor") {
        const resident = residents.supervisors.get(id);
        if (resident !== undefined) {
          takes.takeDue(resident);
        }
      } else {
        const resident = residents.instances.get(id);
        if (resident !== undefined) {
          decisions.wakeInstance(resident);
        }
      }
    } catch (error) {
      // The shard is not this node's any more, or not yet again: its actors are dropped, and come back with it.
      if (!isUnavailable(error)) {
        log.error("an actor could not decide", { kind, id, error });
      }
      deadlines.set(`${kind === "supervisor" ? "s" : "i"}${id}`, clock.now() + AGAIN_MS);
    }
  }

  async function bringDue(wakeups: readonly Wakeup[]): Promise<void> {
    await Promise.all(
      wakeups.map(({ kind, id }) => (kind === "supervisor" ? activation.supervisor(id) : activation.instance(id))),
    );
  }

  /** Nobody runs this attempt any more. */
  function lose(token: string): void {
    tellHolder(token, () => ({ type: "LOSE", at: clock.now(), token, chance: decisions.chance() }));
  }

  /** Nobody ever heard of this attempt. */
  function takeBack(token: string): void {
    tellHolder(token, () => ({ type: "RETURN", at: clock.now(), token }));
  }

  function tellHolder(token: string, event: () => InstanceEvent): void {
    void (async () => {
      const resident = await activation.instance(instanceOfToken(token) ?? "");
      if (resident !== null) {
        decisions.instance(resident, event());
      }
    })().catch((error: unknown) => {
      log.warn("an attempt of a lost worker is left to its timeouts", { error });
    });
  }

  function releaseLater(supervisor: SupervisorResident, instanceId: string): void {
    void (async () => {
      const resident = await activation.instance(instanceId);
      // A supervisor that came to life anew meanwhile has found out by itself whose turn it is.
      if (resident !== null && resident.supervisor === supervisor) {
        decisions.release(resident);
      }
      supervisor.releasing--;
    })().catch((error: unknown) => {
      if (!isUnavailable(error)) {
        log.error("an instance could not be released", { instance: instanceId, error });
        return;
      }
      clock.schedule(AGAIN_MS, () => {
        if (ownership.owns(activation.shardOf(instanceId))) {
          releaseLater(supervisor, instanceId);
        }
      });
    });
  }

  async function adoptQueues(shards: readonly number[]): Promise<void> {
    try {
      const lanes = await store.actors.queueLanes(shards);
      queues.adopt(lanes);
    } catch (error) {
      log.warn("reading the queues of new shards failed; it goes on in a moment", { error });
      clock.schedule(AGAIN_MS, () => {
        const still = shards.filter((shard) => ownership.owns(shard));
        if (still.length > 0) {
          void adoptQueues(still);
        }
      });
    }
  }

  ownership.start();
  readAhead.start();
  passivation.start();
  requests.start();

  function quiesce(): void {
    queues.close();
    workers.drain();
  }

  async function stopParts(): Promise<void> {
    requests.stop();
    passivation.stop();
    deadlines.stop();
    await readAhead.stop();
  }

  return {
    definitions: definitionCommands(commands),
    instances: instanceCommands(commands),
    workers: workerCommands({ ...commands, workers, lose, takeBack }),
    events: {
      subscribe: (listener) => {
        listeners.add(listener);
        return { unsubscribe: () => listeners.delete(listener) };
      },
    },
    repeatable: (command, carryOut) => gate.pass(() => carriedOutOnce(commands, command, carryOut)),
    status: () => ({
      nodeId: options.nodeId,
      ownedShards: ownership.shards().map(({ shard }) => shard),
      shardCount: options.shardCount,
      residents: residents.size,
      uncommitted: journal.uncommitted,
      draining: gate.draining,
      ready: !gate.draining && !journal.away && ownership.shards().some(({ shard }) => ownership.open(shard) !== null),
    }),
    ready: () => ownership.established,
    quiesce,
    drain: async () => {
      quiesce();
      gate.close();
      await stopParts();
      await journal.settled();
      await ownership.release();
    },
    crash: async () => {
      gate.close();
      journal.abandon();
      await Promise.all([stopParts(), ownership.abandon()]);
    },
  };
}

function isUnavailable(error: unknown): boolean {
  return (
    error instanceof StoreUnavailable ||
    (error instanceof BelfryError && (error.reason === "SHARD_UNAVAILABLE" || error.reason === "BUSY"))
  );
}
