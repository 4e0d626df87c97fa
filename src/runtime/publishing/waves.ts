import type { StatusEvent } from "../../domain/event/status-event.ts";

/** Events to publish one wave after the other: none has two events of one resource, and each resource's events come in order (P2). */
export class Waves {
  readonly #depth: number;
  readonly #waves: StatusEvent[][] = [];
  /** How many events of each resource there are: the wave of its next one. */
  readonly #counts = new Map<string, number>();

  /** @param depth waves at most. */
  constructor(depth: number) {
    this.#depth = depth;
  }

  get all(): readonly (readonly StatusEvent[])[] {
    return this.#waves;
  }

  /** The events of a resource must come in order. @returns false: it would need one wave too many, and was left out. */
  add(event: StatusEvent): boolean {
    const resource = `${event.resource}/${event.resourceId}`;
    const count = this.#counts.get(resource) ?? 0;
    if (count === this.#depth) {
      return false;
    }
    this.#counts.set(resource, count + 1);
    const wave = this.#waves[count];
    if (wave === undefined) {
      this.#waves.push([event]);
    } else {
      wave.push(event);
    }
    return true;
  }
}
