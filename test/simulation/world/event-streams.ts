import { eventId } from "../../../src/domain/event/status-event.ts";
import type { StatusEvent } from "../../../src/domain/event/status-event.ts";
import { type EventStream, EventStreamUnavailable } from "../../../src/ports/event-stream.ts";
import type { PublishedEvents } from "../audit/published.ts";
import type { Dice } from "./dice.ts";
import type { Life } from "./life.ts";
import type { Network } from "./network.ts";
import type { Scheduler } from "./scheduler.ts";

/** How long the stream knows the ids of what it has without being asked to look. */
const REMEMBERS_MS = 30_000;

/** The stream for status events, which may be slow, fail on either way, be out of reach, and be deleted. */
export class EventStreams {
  readonly #time: Scheduler;
  readonly #dice: Dice;
  readonly #network: Network;
  readonly #published: PublishedEvents;
  #name: string | null = null;
  #made = 0;
  #storedAt = new Map<string, number>();
  /** Probability that a call breaks off, before or after what it does. */
  failing = 0;
  slowMs = 2;

  constructor(deps: {
    readonly time: Scheduler;
    readonly dice: Dice;
    readonly network: Network;
    readonly published: PublishedEvents;
  }) {
    this.#time = deps.time;
    this.#dice = deps.dice;
    this.#network = deps.network;
    this.#published = deps.published;
  }

  delete(): void {
    this.#name = null;
  }

  mend(): void {
    this.failing = 0;
    this.slowMs = 2;
  }

  /** The stream as one process reaches it. */
  endpoint(life: Life): EventStream {
    let opened: string | null = null;
    return {
      open: async () => {
        opened = await this.#ask(life, () => this.#open());
        return opened;
      },
      publish: async (events, { repeated }) => {
        // They travel one by one, and arrive in any order; each is confirmed on its own.
        await Promise.all(events.map((event) => this.#ask(life, () => this.#store(event, repeated, opened))));
      },
    };
  }

  #open(): string {
    if (this.#name === null) {
      this.#name = `stream ${++this.#made}`;
      this.#storedAt = new Map();
      this.#published.begin();
    }
    return this.#name;
  }

  #store(event: StatusEvent, repeated: boolean, opened: string | null): void {
    if (this.#name === null) {
      throw new EventStreamUnavailable("There is no stream");
    }
    const id = eventId(event);
    const at = this.#storedAt.get(id);
    if (at === undefined || (!repeated && this.#time.now - at > REMEMBERS_MS)) {
      this.#storedAt.set(id, this.#time.now);
      this.#published.stored(event);
    }
    if (this.#name !== opened) {
      throw new EventStreamUnavailable("The stream is another one");
    }
  }

  #ask<Value>(life: Life, carryOut: () => Value): Promise<Value> {
    const { promise, resolve, reject } = Promise.withResolvers<Value>();
    const hop = (): number => this.#dice.between(0.1, this.slowMs);
    const breaks = this.#dice.chance(this.failing) ? this.#dice.pick(["before", "after"]) : null;
    const answer = (settle: () => void): void => {
      this.#time.after(hop(), () => life.enter("bus", () => "hears of the event stream", settle));
    };
    const fail = (error: unknown): void => answer(() => reject(error));
    const brokeOff = new EventStreamUnavailable("The stream broke off, as the simulation wills");
    if (!life.crosses("bus", () => "asks the event stream")) {
      return promise;
    }
    this.#time.after(hop(), () => {
      if (breaks === "before" || !this.#network.reaches(life.machine)) {
        fail(brokeOff);
        return;
      }
      try {
        const value = carryOut();
        answer(breaks === null ? () => resolve(value) : () => reject(brokeOff));
      } catch (error) {
        fail(error);
      }
    });
    return promise;
  }
}
