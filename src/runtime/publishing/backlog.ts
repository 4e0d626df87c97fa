import type { StatusEvent } from "../../domain/event/status-event.ts";
import type { PublishedCursor } from "../../ports/store/cursors.ts";

/**
 * What of one shard is committed and not yet published, while this node owns it.
 *
 * Its events up to a position are on the stream. The events after it are in the log; of these the next ones may be in memory, without a gap
 * from the position on.
 */
export class Backlog {
  readonly shard: number;
  readonly epoch: number;
  /** Null until the cursor was read. */
  #stream: string | null = null;
  #position: number;
  #committed: number;
  #repeatedTo: number;
  #held: StatusEvent[] = [];
  #durable: PublishedCursor | null = null;

  constructor(opened: { readonly shard: number; readonly epoch: number; readonly lastSequence: number }) {
    this.shard = opened.shard;
    this.epoch = opened.epoch;
    this.#position = opened.lastSequence;
    this.#committed = opened.lastSequence;
    this.#repeatedTo = opened.lastSequence;
  }

  /** The stream its position is about; null until that is known. */
  get stream(): string | null {
    return this.#stream;
  }

  /** All events up to it are on the stream. */
  get position(): number {
    return this.#position;
  }

  get committed(): number {
    return this.#committed;
  }

  get lag(): number {
    return this.#committed - this.#position;
  }

  /** The next events, as far as they are in memory. */
  get held(): readonly StatusEvent[] {
    return this.#held;
  }

  /** Whether all up to `sequence` are on this stream. */
  isPublished(sequence: number, stream: string | null): boolean {
    return this.#stream !== null && this.#stream === stream && this.#position >= sequence;
  }

  /** Whether this one may be on the stream already (P5). */
  isRepeated(sequence: number): boolean {
    return sequence <= this.#repeatedTo;
  }

  /** From now on all that was committed counts as perhaps on the stream already. */
  doubtAll(): void {
    this.#repeatedTo = this.#committed;
  }

  /** Begins where an owner before stopped. @param durable the cursor as the store has it; null: it has none. */
  begin(stream: string, position: number, durable: PublishedCursor | null): void {
    this.#stream = stream;
    this.#position = Math.min(position, this.#committed);
    this.#durable = durable;
  }

  /** Begins again on another stream. */
  replay(stream: string, position: number): void {
    if (position !== this.#position) {
      this.#held = [];
    }
    this.#stream = stream;
    this.#position = position;
    this.doubtAll();
  }

  /** An event was committed. @param room whether there is room for it in memory. @returns whether it is kept there. */
  offer(event: StatusEvent, room: boolean): boolean {
    if (event.sequence <= this.#committed) {
      return false;
    }
    this.#committed = event.sequence;
    if (!room || this.#stream === null || event.sequence !== this.#position + this.#held.length + 1) {
      return false;
    }
    this.#held.push(event);
    return true;
  }

  /** Takes the next events from the log. The log may know of more than this node committed: that is another owner's. */
  hold(events: readonly StatusEvent[]): void {
    this.#held = events.filter(
      ({ sequence }, index) => sequence === this.#position + 1 + index && sequence <= this.#committed,
    );
  }

  /** All up to there are on the stream, or will never be (P1). */
  advance(position: number): void {
    this.#held.splice(0, position - this.#position);
    this.#position = position;
  }

  /** Lets go of what is in memory beyond there; the log has it. */
  forgetAfter(sequence: number): void {
    this.#held.length = Math.min(this.#held.length, Math.max(0, sequence - this.#position));
  }

  /** Its cursor, when the store does not have it so; null when it does. */
  get unsaved(): (PublishedCursor & { readonly epoch: number }) | null {
    const { shard, epoch } = this;
    const sequence = this.#position;
    const stream = this.#stream;
    if (stream === null || (this.#durable?.sequence === sequence && this.#durable.stream === stream)) {
      return null;
    }
    return { shard, epoch, sequence, stream };
  }

  saved(cursor: PublishedCursor): void {
    this.#durable = cursor;
  }
}
