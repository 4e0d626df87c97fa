import type { StatusEvent } from "../../domain/event/status-event.ts";
import type { Clock } from "../../ports/clock.ts";
import { type EventStream, EventStreamUnavailable } from "../../ports/event-stream.ts";
import type { Log } from "../../ports/log.ts";

/** A stream that is deleted while nothing is published is noticed within so long. */
const LOOK_EVERY_MS = 10_000;
const RETRY_MS = [100, 200, 500, 1000, 2000, 5000];

/** The stream, which may be away or be replaced by another at any time. */
export class StreamLink {
  readonly #stream: EventStream;
  readonly #clock: Clock;
  readonly #log: Log;
  #name: string | null = null;
  #lookAt = Number.NEGATIVE_INFINITY;
  #away = false;
  /** Since the last success, and since the network came back. */
  #failures = 0;
  #told = false;

  constructor(deps: { stream: EventStream; clock: Clock; log: Log }) {
    this.#stream = deps.stream;
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  /** The stream that was there at the last look; null before the first. */
  get name(): string | null {
    return this.#name;
  }

  /** Whether the last thing heard of it was a failure. */
  get away(): boolean {
    return this.#away;
  }

  /** When to look for it again, in milliseconds from now. */
  get lookInMs(): number {
    return Math.max(0, this.#lookAt - this.#clock.monotonic());
  }

  /** How long to wait after a failure. */
  get retryMs(): number {
    return RETRY_MS[Math.min(Math.max(this.#failures, 1), RETRY_MS.length) - 1] ?? 5000;
  }

  /** The network came or went. */
  connected(is: boolean): void {
    this.#lookAt = Number.NEGATIVE_INFINITY;
    this.#failures = 0;
    this.#away = !is;
  }

  /** Looks whether it is there, and which one, when that was not done lately or something failed since. @returns null: it is not there. */
  async ready(): Promise<string | null> {
    if (this.lookInMs > 0) {
      return this.#name;
    }
    const wasAway = this.#away;
    const opened = await this.#attempt(async () => {
      const name = await this.#stream.open();
      if (this.#name !== null && this.#name !== name) {
        this.#log.warn("the event stream is another one than before", { before: this.#name, now: name });
      }
      this.#name = name;
    });
    if (!opened) {
      return null;
    }
    this.#lookAt = this.#clock.monotonic() + LOOK_EVERY_MS;
    if (!wasAway) {
      this.#recovered();
    }
    return this.#name;
  }

  /** @returns false: it is not known whether the stream has all of them. */
  async publish(events: readonly StatusEvent[], repeated: boolean): Promise<boolean> {
    const published = await this.#attempt(() => this.#stream.publish(events, { repeated }));
    if (published) {
      this.#recovered();
    }
    return published;
  }

  async #attempt(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      this.#away = false;
      return true;
    } catch (error) {
      this.#away = true;
      this.#lookAt = Number.NEGATIVE_INFINITY; // P4
      this.#failures++;
      if (!(error instanceof EventStreamUnavailable)) {
        this.#log.error("publishing status events failed; trying again", { error });
      } else if (!this.#told) {
        this.#log.warn("status events cannot be published; they wait in the log", { error });
      }
      this.#told = true;
      return false;
    }
  }

  /** Opening alone does not tell that publishing works again: it may be what fails. */
  #recovered(): void {
    this.#failures = 0;
    if (this.#told) {
      this.#told = false;
      this.#log.info("status events are published again");
    }
  }
}
