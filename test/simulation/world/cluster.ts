import { eventId } from "../../../src/domain/event/status-event.ts";
import type { Log, LogFields } from "../../../src/ports/log.ts";
import type { Store } from "../../../src/ports/store/store.ts";
import { ACTORS } from "../../../src/runtime/actor-logic.ts";
import type { RuntimeDeps, StartedRuntime } from "../../../src/runtime/index.ts";
import { startRuntime } from "../../../src/runtime/runtime.ts";
import { FakeSecretBox } from "../../support/fake-secret-box.ts";
import type { Witness } from "../audit/witness.ts";
import type { Mutant } from "../mutants/mutant.ts";
import type { Plan } from "../plan.ts";
import type { Dice } from "./dice.ts";
import { Life } from "./life.ts";
import type { Drift } from "./machine-clock.ts";
import { machineClock } from "./machine-clock.ts";
import type { StoreWeather } from "./machine-store.ts";
import { fairWeather, machineStore } from "./machine-store.ts";
import type { EventStreams } from "./event-streams.ts";
import type { Network } from "./network.ts";
import type { Receivers } from "./receivers.ts";
import type { Scheduler } from "./scheduler.ts";
import { seededIds } from "./seeded-ids.ts";
import type { Services } from "./services.ts";
import type { Trace } from "./trace.ts";

/** Where nodes run, one after the other. */
export interface Machine {
  readonly id: string;
  readonly drift: Drift;
  readonly weather: StoreWeather;
  life: Life | null;
  runtime: StartedRuntime | null;
  lives: number;
}

/** The machines, and the nodes that live and die on them. */
export class Cluster {
  readonly #time: Scheduler;
  readonly #trace: Trace;
  readonly #dice: Dice;
  readonly #plan: Plan;
  readonly #witness: Witness;
  readonly #store: Store;
  readonly #mutant: Mutant | null;
  readonly #streams: EventStreams;
  readonly #services: Services;
  readonly #receivers: () => Receivers;
  readonly network: Network;
  readonly machines: readonly Machine[];
  deaths = 0;
  drains = 0;

  constructor(deps: {
    readonly time: Scheduler;
    readonly trace: Trace;
    readonly dice: Dice;
    readonly plan: Plan;
    readonly witness: Witness;
    readonly store: Store;
    readonly mutant: Mutant | null;
    readonly network: Network;
    readonly streams: EventStreams;
    readonly services: Services;
    readonly receivers: () => Receivers;
  }) {
    this.#time = deps.time;
    this.#trace = deps.trace;
    this.#dice = deps.dice;
    this.#plan = deps.plan;
    this.#witness = deps.witness;
    this.#store = deps.store;
    this.#mutant = deps.mutant;
    this.network = deps.network;
    this.#streams = deps.streams;
    this.#services = deps.services;
    this.#receivers = deps.receivers;
    this.machines = Array.from({ length: deps.plan.machines }, (_, index) => ({
      id: String.fromCodePoint(97 + index),
      drift: {
        offsetMs: deps.dice.between(-deps.plan.skewMs, deps.plan.skewMs),
        rate: deps.dice.between(0.99, 1.01),
      },
      weather: fairWeather(),
      life: null,
      runtime: null,
      lives: 0,
    }));
  }

  get living(): readonly Machine[] {
    return this.machines.filter(({ life }) => life?.alive === true);
  }

  start(machine: Machine): void {
    machine.lives++;
    const name = `${machine.id}.${machine.lives}`;
    const life = new Life({ time: this.#time, trace: this.#trace }, machine.id, name);
    const dice = this.#dice.fork(name);
    const clock = machineClock(this.#time, life, machine.drift);
    const watched = this.#witness.watch(life, this.#store);
    const line = { time: this.#time, dice: dice.fork("store") };
    const reached = machineStore(
      line,
      life,
      this.#mutant?.line?.(watched, { time: this.#time, life }) ?? watched,
      machine.weather,
    );
    const stream = this.#streams.endpoint(life);
    const client = this.#receivers().endpoint(life);
    const deps: RuntimeDeps = {
      store: reached,
      bus: this.network.endpoint(life, machine.id),
      requester: this.#services.endpoint(life),
      webhooks: {
        client: this.#mutant?.webhooks?.(client) ?? client,
        box: new FakeSecretBox(),
        publicUrl: () => "https://belfry.example.com",
        version: "1",
      },
      eventStream: this.#mutant?.stream?.(stream) ?? stream,
      clock,
      ids: seededIds(clock, dice.fork("ids")),
      random: dice.fork("random"),
      log: this.#logOf(life),
      options: { ...this.#plan.options, nodeId: machine.id },
      actors: this.#mutant?.actors?.(ACTORS) ?? ACTORS,
    };
    this.#trace.add(name, () => "starts");
    machine.life = life;
    life.onDeath(() => {
      this.deaths++;
      machine.life = null;
      machine.runtime = null;
    });
    const runtime = startRuntime(deps);
    this.#watch(life, runtime);
    // It may have died while it started.
    machine.runtime = life.alive ? runtime : null;
  }

  /** What a node tells those who watch is durable, and in order. */
  #watch(life: Life, runtime: StartedRuntime): void {
    const { audit, records } = this.#witness;
    const last = new Map<number, number>();
    runtime.events.subscribe((events) => {
      for (const event of events) {
        const before = last.get(event.shard) ?? 0;
        audit.require(
          !life.alive || (records.logged.has(eventId(event)) && event.sequence > before),
          "watchers are told what is durable, in order",
          () => `${life.name} tells of ${eventId(event)} after ${event.shard}-${before}`,
        );
        last.set(event.shard, event.sequence);
      }
    });
  }

  /** Drains the node as an operator would, and ends it when it is done or takes too long. */
  drain(machine: Machine, patienceMs: number, over: () => void): void {
    const { life, runtime } = machine;
    if (life === null || runtime === null) {
      return;
    }
    this.drains++;
    this.#trace.add(life.name, () => "drains");
    life.onDeath(over);
    const kill = (): void => life.die();
    this.#time.after(patienceMs, kill);
    life.enter(
      "call",
      () => "is told to drain",
      () => {
        runtime.drain().then(kill, (error: unknown) => {
          this.#witness.audit.found("a drain does not fail", `${life.name}: ${String(error)}`);
        });
      },
    );
  }

  #logOf(life: Life): Log {
    const line = (level: string) => (message: string, fields?: LogFields) => {
      if (!life.alive) {
        return;
      }
      this.#trace.add(life.name, () => `${level}: ${message} ${textOf(fields)}`);
      if (level === "error") {
        this.#witness.audit.found(
          "nothing happens that a node cannot mend",
          `${life.name}: ${message} ${textOf(fields)}`,
        );
      }
    };
    const log: Log = {
      debug: line("debug"),
      info: line("info"),
      warn: line("warn"),
      error: line("error"),
      child: () => log,
    };
    return log;
  }
}

function textOf(fields: LogFields | undefined): string {
  return fields === undefined
    ? ""
    : Object.entries(fields)
        .map(([key, value]) => `${key}=${value instanceof Error ? value.message : String(value)}`)
        .join(" ");
}
