import type { InProcessNetwork } from "../../../../src/bus/in-process/network.ts";
import type { Bus, BusListener } from "../../../../src/ports/bus.ts";
import type { Clock } from "../../../../src/ports/clock.ts";

/** One message on its way to one node. */
export interface Passing {
  readonly from: string;
  readonly to: string;
  /** What it says: notices by their kind ("grant"), questions as "ask take", answers and refusals as "answer take". */
  readonly says: readonly string[];
}

/** Which messages; what is left out matches all. */
export interface Which {
  readonly from?: string;
  readonly to?: string;
  readonly says?: string;
}

/** Messages that stand still. */
export interface Held {
  readonly waiting: number;
  /** Lets them go on, in their order, and those that come later too. */
  release(): void;
}

interface Fault {
  readonly which: Which;
  left: number;
  /** What becomes of the message. */
  readonly fate: (deliver: () => void) => void;
}

/** A network on the clock of a test, with all that a real one does to messages: each fault is switched by the test, none comes by chance. */
export class LossyNetwork implements InProcessNetwork {
  readonly #clock: Clock;
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #faults: Fault[] = [];
  readonly #cuts = new Set<string>();
  readonly #away = new Set<string>();
  /** Which question an answer is for stands in the question only. */
  readonly #asked = new Map<string, string>();
  /** Every message that was sent to a node, delivered or not. */
  readonly passed: Passing[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  endpoint(node: string): Bus {
    this.#endpoints.get(node)?.leave();
    const endpoint = new Endpoint({
      isConnected: () => !this.#away.has(node),
      send: (to, text) => this.#carry(node, to, text),
      broadcast: (text) => {
        for (const to of this.#endpoints.keys()) {
          if (to !== node) this.#carry(node, to, text);
        }
      },
    });
    this.#endpoints.set(node, endpoint);
    return endpoint;
  }

  /** The next so many of these messages are lost; all of them until {@link clear} when left out. */
  lose(which: Which, times = Number.POSITIVE_INFINITY): void {
    this.#faults.push({ which, left: times, fate: () => {} });
  }

  /** Each of the next so many arrives twice. */
  double(which: Which, times = Number.POSITIVE_INFINITY): void {
    this.#faults.push({
      which,
      left: times,
      fate: (deliver) => {
        deliver();
        deliver();
      },
    });
  }

  /** Each of the next so many arrives so much later, and others overtake it. */
  delay(which: Which, ms: number, times = Number.POSITIVE_INFINITY): void {
    this.#faults.push({ which, left: times, fate: (deliver) => this.#clock.schedule(ms, deliver) });
  }

  /** The next so many stand still until they are released. */
  hold(which: Which, times = Number.POSITIVE_INFINITY): Held {
    const waiting: (() => void)[] = [];
    const fault: Fault = { which, left: times, fate: (deliver) => waiting.push(deliver) };
    this.#faults.push(fault);
    return {
      get waiting() {
        return waiting.length;
      },
      release: () => {
        fault.left = 0;
        for (const deliver of waiting.splice(0)) deliver();
      },
    };
  }

  /** Messages from the one to the other are lost from now on, not those the other way. Neither knows of it. */
  cut(from: string, to: string): void {
    this.#cuts.add(`${from}>${to}`);
  }

  /** Neither hears the other. */
  part(one: string, other: string): void {
    this.cut(one, other);
    this.cut(other, one);
  }

  /** The node loses the network, and knows it. */
  disconnect(node: string): void {
    this.#away.add(node);
    this.#endpoints.get(node)?.listener?.changed(false);
  }

  reconnect(node: string): void {
    this.#away.delete(node);
    this.#endpoints.get(node)?.listener?.changed(true);
  }

  /** No faults any more; what is held or late stays so. */
  clear(): void {
    this.#cuts.clear();
    for (const fault of this.#faults) fault.left = 0;
    for (const node of this.#away) this.reconnect(node);
  }

  /** How many messages of a kind were sent. */
  count(which: Which): number {
    return this.passed.filter((passing) => matches(which, passing)).length;
  }

  #carry(from: string, to: string, text: string): void {
    const endpoint = this.#endpoints.get(to);
    const passing: Passing = { from, to, says: this.#saysOf(from, to, text) };
    this.passed.push(passing);
    const isCut = this.#cuts.has(`${from}>${to}`) || this.#away.has(from) || this.#away.has(to);
    if (endpoint === undefined || isCut) return;
    const deliver = (): void => endpoint.arrive(text);
    const fault = this.#faults.find(({ which, left }) => left > 0 && matches(which, passing));
    if (fault === undefined) {
      deliver();
    } else {
      fault.left--;
      fault.fate(deliver);
    }
  }

  #saysOf(from: string, to: string, text: string): readonly string[] {
    if (!text.endsWith("}")) return ["?"];
    const message = JSON.parse(text) as {
      readonly from: readonly [string, string, number];
      readonly to: string | null;
      readonly said: readonly (readonly [string, number | string, ...unknown[]])[];
    };
    return message.said.map(([what, second, third]) => {
      if (what === "tell") return String(second);
      if (what === "ask") {
        this.#asked.set(`${from}/${message.from[1]}/${second}`, String(third));
        return `ask ${String(third)}`;
      }
      return `answer ${this.#asked.get(`${to}/${message.to}/${second}`) ?? "?"}`;
    });
  }
}

function matches({ from, to, says }: Which, passing: Passing): boolean {
  return (
    (from === undefined || from === passing.from) &&
    (to === undefined || to === passing.to) &&
    (says === undefined || passing.says.includes(says))
  );
}

interface Line {
  isConnected(): boolean;
  send(to: string, text: string): void;
  broadcast(text: string): void;
}

class Endpoint implements Bus {
  readonly #line: Line;
  #open = true;
  listener: BusListener | undefined;

  constructor(line: Line) {
    this.#line = line;
  }

  get connected(): boolean {
    return this.#open && this.#line.isConnected();
  }

  send(node: string, message: string): void {
    if (this.connected) this.#line.send(node, message);
  }

  broadcast(message: string): void {
    if (this.connected) this.#line.broadcast(message);
  }

  listen(listener: BusListener): void {
    this.listener = listener;
  }

  async close(): Promise<void> {
    this.leave();
  }

  leave(): void {
    this.#open = false;
  }

  arrive(text: string): void {
    queueMicrotask(() => {
      if (this.#open) this.listener?.heard(text);
    });
  }
}
