import type { Bus, BusListener } from "../../../src/ports/bus.ts";

/** What nodes say to find out whether they hear each other; an {@link Ear} keeps it apart. */
const HELLO = "hello from ";

/** Listens to a bus, keeps what it hears, and can be waited for. */
export class Ear implements BusListener {
  readonly messages: string[] = [];
  readonly changes: boolean[] = [];
  readonly greetings = new Set<string>();
  /** Called with each message besides keeping it. */
  onMessage: (message: string) => void = () => {};
  readonly #waiting = new Set<() => void>();

  constructor(bus: Pick<Bus, "listen">) {
    bus.listen(this);
  }

  heard(message: string): void {
    if (message.startsWith(HELLO)) {
      this.greetings.add(message.slice(HELLO.length));
    } else {
      this.messages.push(message);
      this.onMessage(message);
    }
    this.#look();
  }

  changed(connected: boolean): void {
    this.changes.push(connected);
    this.#look();
  }

  /** Resolves when the condition holds; looks at it after everything heard. */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!holds()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** All messages, once there are so many. */
  async atLeast(count: number): Promise<readonly string[]> {
    await this.until(() => this.messages.length >= count);
    return this.messages;
  }

  #look(): void {
    for (const look of this.#waiting) look();
  }
}

/** Resolves when each hears all others: a real network takes a moment to learn who listens where. */
export async function acquaint(nodes: readonly { readonly bus: Bus; readonly ear: Ear }[]): Promise<void> {
  for (const { ear } of nodes) ear.greetings.clear();
  for (let round = 0; !nodes.every(({ ear }) => ear.greetings.size >= nodes.length - 1); round++) {
    for (const [index, { bus }] of nodes.entries()) bus.broadcast(`${HELLO}${index}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
