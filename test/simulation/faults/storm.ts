/** Everything that goes wrong, until it is mended. */
import type { StreamWorker } from "../load/stream-worker.ts";
import { CLOCK_JUMP_MS } from "../plan.ts";
import type { Fault, Plan } from "../plan.ts";
import type { EventStreams } from "../world/event-streams.ts";
import type { Cluster, Machine } from "../world/cluster.ts";
import type { Dice } from "../world/dice.ts";
import type { StoreWeather } from "../world/machine-store.ts";
import type { Scheduler } from "../world/scheduler.ts";
import type { Trace } from "../world/trace.ts";

export class Storm {
  readonly #time: Scheduler;
  readonly #trace: Trace;
  readonly #dice: Dice;
  readonly #plan: Plan;
  readonly #cluster: Cluster;
  readonly #workers: readonly StreamWorker[];
  readonly #streams: EventStreams;
  #over = false;
  faults = 0;

  constructor(deps: {
    readonly time: Scheduler;
    readonly trace: Trace;
    readonly dice: Dice;
    readonly plan: Plan;
    readonly cluster: Cluster;
    readonly workers: readonly StreamWorker[];
    readonly streams: EventStreams;
  }) {
    this.#time = deps.time;
    this.#trace = deps.trace;
    this.#dice = deps.dice;
    this.#plan = deps.plan;
    this.#cluster = deps.cluster;
    this.#workers = deps.workers;
    this.#streams = deps.streams;
  }

  rage(): void {
    if (this.#over || this.#plan.faults.length === 0) {
      return;
    }
    this.#time.after(this.#dice.wait(this.#plan.faultEveryMs), () => {
      const fault = this.#dice.oneOf(this.#plan.faults);
      if (fault !== undefined && !this.#over) {
        this.faults++;
        this.#strike(fault);
      }
      this.rage();
    });
  }

  /** Nothing goes wrong any more; clocks are set, every machine runs. */
  mend(): void {
    this.#over = true;
    this.#trace.add("storm", () => "is over");
    this.#cluster.network.mendAll();
    this.#streams.mend();
    for (const machine of this.#cluster.machines) {
      Object.assign(machine.weather, { away: false, failsBefore: 0, failsAfter: 0, slow: 0 });
      machine.drift.offsetMs = 0;
      machine.life?.dieAfter(Number.POSITIVE_INFINITY);
      if (machine.life === null) {
        this.#cluster.start(machine);
      }
    }
  }

  #strike(fault: Fault): void {
    const dice = this.#dice;
    const streams = this.#streams;
    const { network, machines } = this.#cluster;
    const machine = dice.oneOf(machines);
    const other = dice.oneOf(machines.filter((each) => each !== machine));
    if (machine === undefined) {
      return;
    }
    this.#trace.add("storm", () => `${fault} (${machine.id})`);
    const forMs = dice.between(200, 6000);
    switch (fault) {
      case "crash":
        this.#crash(machine);
        break;
      case "drain":
        this.#cluster.drain(machine, dice.between(500, 6000), () => this.#startLater(machine));
        break;
      case "pause":
        machine.life?.standStill(dice.pick([dice.between(50, 500), dice.between(1000, 8000)]));
        break;
      case "clock-jump":
        machine.drift.offsetMs = dice.pick([
          dice.between(-this.#plan.skewMs, this.#plan.skewMs),
          dice.between(-CLOCK_JUMP_MS, CLOCK_JUMP_MS),
        ]);
        break;
      case "store-away":
        for (const each of machines) {
          this.#weather(each, { away: true }, forMs);
        }
        break;
      case "store-away-for-one":
        this.#weather(machine, { away: true }, forMs);
        break;
      case "store-failing":
        this.#weather(machine, { failsBefore: dice.between(0, 0.4), failsAfter: dice.between(0, 0.4) }, forMs);
        break;
      case "store-slow":
        this.#weather(machine, { slow: dice.between(0.05, 0.5), slowMs: dice.pick([100, 1000, 5000]) }, forMs);
        break;
      case "cut-one-way":
      case "cut-two-ways":
        if (other !== undefined) {
          network.cut(machine.id, other.id);
          if (fault === "cut-two-ways") {
            network.cut(other.id, machine.id);
          }
          this.#time.after(forMs, () => {
            network.mend(machine.id, other.id);
            network.mend(other.id, machine.id);
          });
        }
        break;
      case "network-away-for-one":
        network.disconnect(machine.id);
        this.#time.after(forMs, () => network.reconnect(machine.id));
        break;
      case "network-away":
        for (const { id } of machines) {
          network.disconnect(id);
          this.#time.after(forMs + dice.between(0, 300), () => network.reconnect(id));
        }
        break;
      case "network-lossy":
        Object.assign(network.weather, { loss: dice.between(0, 0.5), duplicates: dice.between(0, 0.5), lateMs: 300 });
        this.#time.after(forMs, () => Object.assign(network.weather, { loss: 0, duplicates: 0 }));
        break;
      case "network-late":
        Object.assign(network.weather, { late: dice.between(0, 0.5), lateMs: dice.pick([5, 200, 3000]) });
        this.#time.after(forMs, () => Object.assign(network.weather, { late: 0 }));
        break;
      case "stream-failing":
        Object.assign(streams, { failing: dice.between(0, 0.6), slowMs: dice.pick([2, 300, 3000]) });
        this.#time.after(forMs, () => streams.mend());
        break;
      case "stream-deleted":
        streams.delete();
        break;
      case "worker-crash":
        dice.oneOf(this.#workers)?.crash();
        break;
      case "streams-break":
        for (const worker of this.#workers) {
          worker.breakStream();
        }
        break;
      default:
        fault satisfies never;
    }
  }

  /** At once, or at one of the next crossings of a port. */
  #crash(machine: Machine): void {
    const { life } = machine;
    if (life === null) {
      return;
    }
    life.onDeath(() => this.#startLater(machine));
    if (this.#dice.chance(0.2)) {
      life.die();
    } else {
      life.dieAfter(this.#dice.whole(1, 60));
    }
  }

  #startLater(machine: Machine): void {
    this.#time.after(this.#dice.pick([this.#dice.between(10, 300), this.#dice.between(300, 6000)]), () => {
      if (machine.life === null) {
        this.#cluster.start(machine);
      }
    });
  }

  #weather(machine: Machine, weather: Partial<StoreWeather>, forMs: number): void {
    Object.assign(machine.weather, weather);
    this.#time.after(forMs, () =>
      Object.assign(machine.weather, { away: false, failsBefore: 0, failsAfter: 0, slow: 0 }),
    );
  }
}
