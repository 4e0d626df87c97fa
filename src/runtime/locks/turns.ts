/**
 * Those who wait for one lock, in the memory of its owner: first come, first served.
 *
 * T1 To wait takes nothing: a turn is an offer. Whoever gets it comes back and acquires, as anybody would; until then, or until the offer lapses,
 *    nobody else may. So a caller that went away takes nothing, and holds up the next one for a moment at most.
 * T2 A place belongs to a ticket, not to a call: a caller waits in short questions, each of which may be lost or asked again.
 * T3 Nothing of it is written. After a move of the shard those who wait ask the next owner, and stand there by how long they have waited.
 */
import type { BelfryError } from "../../domain/error.ts";

/** How long whoever gets the turn has to acquire. */
const OFFER_MS = 3000;
/** A place that nobody asked for in so long is given up. */
const FORSAKEN_MS = 3000;

export interface Waiter {
  readonly ticket: string;
  readonly holder: string;
}

interface Place extends Waiter {
  /** Monotonic time since when it waits. */
  readonly since: number;
  /** Monotonic time of the last question. */
  askedAt: number;
  /** Questions that wait for the answer. */
  readonly questions: Set<Question>;
}

interface Question {
  answer(isTurn: boolean): void;
  refuse(error: BelfryError): void;
}

export class Turns {
  /** By how long they wait. */
  readonly #places: Place[] = [];
  #offer: { readonly place: Place; readonly until: number } | null = null;

  get size(): number {
    return this.#places.length;
  }

  /** When the offer lapses, in monotonic time; null: there is none. */
  get offeredUntil(): number | null {
    return this.#offer?.until ?? null;
  }

  /** Whose turn it is, when that is another's. */
  turnOfAnother(ticket: string | undefined): Waiter | null {
    const place = this.#offer?.place;
    return place === undefined || place.ticket === ticket ? null : place;
  }

  has(ticket: string): boolean {
    return this.#find(ticket) !== undefined;
  }

  isTurnOf(ticket: string): boolean {
    return this.#offer?.place.ticket === ticket;
  }

  /** Takes a place, or keeps it. @param waitedMs how long it has waited already, here or elsewhere. */
  stand({ ticket, holder }: Waiter, waitedMs: number, now: number): void {
    const known = this.#find(ticket);
    if (known !== undefined) {
      known.askedAt = now;
      return;
    }
    const since = now - waitedMs;
    const at = this.#places.findIndex((place) => place.since > since);
    const place: Place = { ticket, holder, since, askedAt: now, questions: new Set() };
    this.#places.splice(at === -1 ? this.#places.length : at, 0, place);
  }

  /** Resolves with true when it is this ticket's turn; with false when `until` resolves first. It has a place. */
  async turn(ticket: string, until: Promise<void>, now: () => number): Promise<boolean> {
    const place = this.#find(ticket);
    if (place === undefined) {
      return false;
    }
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    const question: Question = { answer: resolve, refuse: reject };
    place.questions.add(question);
    void until.then(() => resolve(false));
    try {
      return await promise;
    } finally {
      place.questions.delete(question);
      place.askedAt = now();
    }
  }

  /** The lock is free: it is offered to the first who still waits. Does nothing while an offer stands. */
  offer(now: number): void {
    if (this.#offer !== null && this.#offer.until <= now) {
      this.leave(this.#offer.place.ticket);
    }
    if (this.#offer !== null) {
      return;
    }
    this.dropForsaken(now);
    const [place] = this.#places;
    if (place !== undefined) {
      this.#offer = { place, until: now + OFFER_MS };
      place.questions.forEach((question) => question.answer(true));
    }
  }

  /** Gives up a place: it was used, its caller went away, or nobody asks for it any more. */
  leave(ticket: string): void {
    const at = this.#places.findIndex((place) => place.ticket === ticket);
    const [place] = at === -1 ? [] : this.#places.splice(at, 1);
    place?.questions.forEach((question) => question.answer(false));
    if (this.#offer?.place.ticket === ticket) {
      this.#offer = null;
    }
  }

  dropForsaken(now: number): void {
    const forsaken = this.#places.filter(
      ({ questions, askedAt, ticket }) =>
        questions.size === 0 && askedAt + FORSAKEN_MS <= now && !this.isTurnOf(ticket),
    );
    forsaken.forEach(({ ticket }) => this.leave(ticket));
  }

  /** The lock is no longer this node's. */
  dismiss(error: BelfryError): void {
    for (const { questions } of this.#places.splice(0)) {
      questions.forEach((question) => question.refuse(error));
    }
    this.#offer = null;
  }

  #find(ticket: string): Place | undefined {
    return this.#places.find((place) => place.ticket === ticket);
  }
}
