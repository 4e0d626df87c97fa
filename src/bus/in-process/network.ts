import { MAX_MESSAGE_CHARACTERS, type Bus, type BusListener } from "../../ports/bus.ts";
import type { Log } from "../../ports/log.ts";

/** A network inside one process, for the nodes that live in it: the single node of the embedded default, tests, the simulator. */
export interface InProcessNetwork {
  /** A node's place on the network. A second one of the same name takes the place of the first, as a node that started again would. */
  endpoint(node: string): Bus;
}

/**
 * Messages arrive in a later microtask, in the order in which they were sent, never while another one is being heard. Each has a microtask of
 * its own: a listener that throws costs its own message only. What goes to nobody, or to somebody who does not listen yet, is lost.
 */
export function createInProcessNetwork(log?: Log): InProcessNetwork {
  const endpoints = new Map<string, Endpoint>();
  return {
    endpoint(node) {
      endpoints.get(node)?.leave();
      const endpoint = new Endpoint(node, endpoints, log);
      endpoints.set(node, endpoint);
      return endpoint;
    },
  };
}

class Endpoint implements Bus {
  readonly #node: string;
  readonly #endpoints: Map<string, Endpoint>;
  readonly #log: Log | undefined;
  #listener: BusListener | undefined;
  #open = true;

  constructor(node: string, endpoints: Map<string, Endpoint>, log: Log | undefined) {
    this.#node = node;
    this.#endpoints = endpoints;
    this.#log = log;
  }

  get connected(): boolean {
    return this.#open;
  }

  send(node: string, message: string): void {
    if (this.#mayLeave(message)) this.#endpoints.get(node)?.arrive(message);
  }

  broadcast(message: string): void {
    if (!this.#mayLeave(message)) return;
    for (const endpoint of this.#endpoints.values()) if (endpoint !== this) endpoint.arrive(message);
  }

  listen(listener: BusListener): void {
    if (this.#listener !== undefined) throw new Error("The bus has a listener already");
    this.#listener = listener;
  }

  async close(): Promise<void> {
    if (this.#endpoints.get(this.#node) === this) this.#endpoints.delete(this.#node);
    this.leave();
  }

  leave(): void {
    this.#open = false;
  }

  arrive(message: string): void {
    queueMicrotask(() => {
      if (this.#open) this.#listener?.heard(message);
    });
  }

  #mayLeave(message: string): boolean {
    if (message.length > MAX_MESSAGE_CHARACTERS) {
      this.#log?.error("A message to other nodes is too long and was not sent", { characters: message.length });
      return false;
    }
    return this.#open;
  }
}
