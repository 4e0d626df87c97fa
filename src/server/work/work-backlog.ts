/** What a stream has asked for and not heard of yet. */
export class WorkBacklog {
  readonly #open = new Set<Promise<void>>();

  get size(): number {
    return this.#open.size;
  }

  /** @param work never rejects. */
  add(work: Promise<void>): void {
    this.#open.add(work);
    void work.finally(() => this.#open.delete(work));
  }

  /** Resolves when any of it is done. */
  async oneDone(): Promise<void> {
    await Promise.race(this.#open);
  }

  /** Resolves when all of it is done. */
  async settled(): Promise<void> {
    await Promise.all(this.#open);
  }
}
