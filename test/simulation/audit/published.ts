/** What stands on the stream of status events, held against the log: every event once, in order per resource, and nothing else. */
import { eventId } from "../../../src/domain/event/status-event.ts";
import type { StatusEvent } from "../../../src/domain/event/status-event.ts";
import type { Audit } from "./audit.ts";
import type { Records } from "./records.ts";

export class PublishedEvents {
  readonly #audit: Audit;
  readonly #records: Records;
  #streams = 0;
  #ids = new Set<string>();
  #last = new Map<string, number>();

  constructor(audit: Audit, records: Records) {
    this.#audit = audit;
    this.#records = records;
  }

  /** A stream is made, with nothing on it. */
  begin(): void {
    this.#streams++;
    this.#ids = new Set();
    this.#last = new Map();
  }

  stored(event: StatusEvent): void {
    const id = eventId(event);
    this.#audit.require(this.#records.logged.has(id), "nothing is published before it is durable", () => id);
    this.#audit.require(!this.#ids.has(id), "an event is published once", () => id);
    this.#ids.add(id);
    const resource = `${event.resource} ${event.resourceId}`;
    const last = this.#last.get(resource) ?? 0;
    // On a stream that was made anew, what is published until that is noticed may stand before what is repeated.
    this.#audit.require(
      this.#streams > 1 || event.sequence > last,
      "events are published in order",
      () => `${resource}: ${id} after ${event.shard}-${last}`,
    );
    this.#last.set(resource, Math.max(last, event.sequence));
  }

  /** Events of the log that are not on the stream. */
  missing(): readonly string[] {
    return this.#ids.size === this.#records.logged.size
      ? []
      : [...this.#records.logged].filter((id) => !this.#ids.has(id));
  }
}
