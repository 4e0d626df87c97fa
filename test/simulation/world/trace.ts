/** What a person reads of a run: a line for each thing that happened, made only when somebody will read it. */
export class Trace {
  readonly #wanted: boolean;
  readonly #now: () => number;
  readonly #limit: number;
  readonly #lines: string[] = [];

  /** @param limit so many lines are kept, the last ones. */
  constructor(wanted: boolean, now: () => number, limit = 100_000) {
    this.#wanted = wanted;
    this.#now = now;
    this.#limit = limit;
  }

  add(who: string, what: () => string): void {
    if (!this.#wanted) {
      return;
    }
    this.#lines.push(`${(this.#now() / 1000).toFixed(4).padStart(9)}  ${who.padEnd(6)} ${what()}`);
    if (this.#lines.length > 2 * this.#limit) {
      this.#lines.splice(0, this.#lines.length - this.#limit);
    }
  }

  lines(): readonly string[] {
    return this.#lines.slice(-this.#limit);
  }
}
