import type { Bus, BusListener } from "../../../src/ports/bus.ts";
import type { Dice } from "./dice.ts";
import type { Life } from "./life.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Trace } from "./trace.ts";

/** How the network is right now. Probabilities are of one message. */
export interface NetworkWeather {
  loss: number;
  duplicates: number;
  /** A message is late by up to so much, and others overtake it. */
  late: number;
  lateMs: number;
}

interface Endpoint {
  readonly life: Life;
  listener: BusListener | null;
  closed: boolean;
}

/** The messages between nodes: at most once, late, twice, in another order, in one direction only, as the weather is. */
export class Network {
  readonly #time: Scheduler;
  readonly #trace: Trace;
  readonly #dice: Dice;
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #cuts = new Set<string>();
  readonly #cutOff = new Set<string>();
  readonly #listeners: { readonly life: Life; readonly listener: () => void }[] = [];
  /** Without faults, a message does not overtake the one before it. */
  readonly #lastArrival = new Map<string, number>();
  readonly weather: NetworkWeather = { loss: 0, duplicates: 0, late: 0, lateMs: 0 };
  messages = 0;

  constructor({ time, trace, dice }: { readonly time: Scheduler; readonly trace: Trace; readonly dice: Dice }) {
    this.#time = time;
    this.#trace = trace;
    this.#dice = dice;
  }

  /** The bus of a process, as this node. */
  endpoint(life: Life, self: string): Bus {
    const endpoint: Endpoint = { life, listener: null, closed: false };
    this.#endpoints.set(self, endpoint);
    const isConnected = (): boolean => !endpoint.closed && !this.#cutOff.has(life.machine);
    const carry = (to: string, message: string): void => this.#carry(life, to, message);
    const others = (): string[] => [...this.#endpoints.keys()].filter((node) => node !== self);
    return {
      get connected() {
        return isConnected();
      },
      send(node, message) {
        if (isConnected() && life.crosses("bus", () => `sends to ${node}`)) {
          carry(node, message);
        }
      },
      broadcast(message) {
        if (isConnected() && life.crosses("bus", () => "broadcasts")) {
          for (const node of others()) {
            carry(node, message);
          }
        }
      },
      listen(listener) {
        endpoint.listener = listener;
      },
      close: () => {
        endpoint.closed = true;
        return Promise.resolve();
      },
    };
  }

  /** Messages from the one machine to the other get lost from now on; not those the other way. */
  cut(from: string, to: string): void {
    this.#cuts.add(`${from}>${to}`);
  }

  mend(from: string, to: string): void {
    this.#cuts.delete(`${from}>${to}`);
  }

  /** The machine loses its connection to the network, and knows it. */
  disconnect(machine: string): void {
    if (!this.#cutOff.has(machine)) {
      this.#cutOff.add(machine);
      this.#tell(machine, false);
    }
  }

  reconnect(machine: string): void {
    if (this.#cutOff.delete(machine)) {
      this.#tell(machine, true);
    }
  }

  /** Tells a process when its machine loses or regains the network, beside its bus. */
  onChange(life: Life, listener: () => void): void {
    this.#listeners.push({ life, listener });
  }

  reaches(machine: string): boolean {
    return !this.#cutOff.has(machine);
  }

  mendAll(): void {
    this.#cuts.clear();
    for (const machine of this.#cutOff) {
      this.reconnect(machine);
    }
    Object.assign(this.weather, { loss: 0, duplicates: 0, late: 0 });
  }

  #tell(machine: string, connected: boolean): void {
    for (const { life, listener } of this.#listeners) {
      if (life.machine === machine) {
        life.enter("bus", () => "its connection changes", listener);
      }
    }
    for (const endpoint of this.#endpoints.values()) {
      if (endpoint.life.machine === machine && !endpoint.closed) {
        endpoint.life.enter(
          "bus",
          () => (connected ? "is connected again" : "is cut off"),
          () => endpoint.listener?.changed(connected),
        );
      }
    }
  }

  #carry(from: Life, to: string, message: string): void {
    const { loss, duplicates, late, lateMs } = this.weather;
    const copies = this.#dice.chance(loss) ? 0 : this.#dice.chance(duplicates) ? 2 : 1;
    this.messages++;
    for (let copy = 0; copy < copies; copy++) {
      const isLate = copy > 0 || this.#dice.chance(late);
      const line = `${from.name}>${to}`;
      const soon = this.#time.now + this.#dice.between(0.1, 0.8);
      const at = isLate ? soon + this.#dice.between(0, lateMs) : Math.max(soon, this.#lastArrival.get(line) ?? 0);
      if (!isLate) {
        this.#lastArrival.set(line, at);
      }
      this.#time.after(at - this.#time.now, () => this.#deliver(from, to, message));
    }
  }

  #deliver(from: Life, to: string, message: string): void {
    const endpoint = this.#endpoints.get(to);
    if (endpoint === undefined || endpoint.closed || this.#isLost(from.machine, endpoint.life.machine)) {
      this.#trace.add(from.name, () => `message to ${to} is lost: ${message.slice(0, 200)}`);
      return;
    }
    endpoint.life.enter(
      "bus",
      () => `hears from ${from.name}: ${message.slice(0, 300)}`,
      () => endpoint.listener?.heard(message),
    );
  }

  #isLost(from: string, to: string): boolean {
    return this.#cuts.has(`${from}>${to}`) || this.#cutOff.has(from) || this.#cutOff.has(to);
  }
}
