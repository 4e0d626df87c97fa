import type { StatusEvent } from "../domain/event/status-event.ts";

/** Where status events are published for the world (NATS JetStream). The log in the store is the record; this is a copy for subscribers. */
export interface EventStream {
  /**
   * Makes the stream when it is missing.
   * @returns its name and the time at which it was made: another one after it was deleted and made anew.
   * @throws EventStreamUnavailable
   */
  open(): Promise<string>;
  /**
   * Publishes events, no two of the same resource, in any order. Resolves when the stream has all of them; an event that it has already (by its
   * id) is not stored again.
   * @param repeated some of them may have been published before: the stream is asked for each one whose publication may be too long ago for
   *   its own memory of ids.
   * @throws EventStreamUnavailable when it is not known of all of them that the stream has them: publish them again, with `repeated`.
   */
  publish(events: readonly StatusEvent[], options: { readonly repeated: boolean }): Promise<void>;
}

/** The stream cannot be reached, or is gone. */
export class EventStreamUnavailable extends Error {
  override readonly name = "EventStreamUnavailable";
}
