const READ_AT_ONCE = 500;

/**
 * Reads rows by id for many callers, each row once. While one read is under way the next one gathers, so that under load a query carries many
 * ids, and an idle node reads at once.
 */
export class Reader<Row> {
  readonly #read: (ids: readonly string[]) => Promise<ReadonlyMap<string, Row>>;
  readonly #waiting = new Map<string, PromiseWithResolvers<Row | null>>();
  #reading = false;

  constructor(read: (ids: readonly string[]) => Promise<ReadonlyMap<string, Row>>) {
    this.#read = read;
  }

  get(id: string): Promise<Row | null> {
    let waiting = this.#waiting.get(id);
    if (waiting === undefined) {
      waiting = Promise.withResolvers<Row | null>();
      this.#waiting.set(id, waiting);
      if (!this.#reading) {
        this.#reading = true;
        queueMicrotask(() => void this.#readAll());
      }
    }
    return waiting.promise;
  }

  async #readAll(): Promise<void> {
    while (this.#waiting.size > 0) {
      const part = [...this.#waiting].slice(0, READ_AT_ONCE);
      for (const [id] of part) {
        this.#waiting.delete(id);
      }
      try {
        const rows = await this.#read(part.map(([id]) => id));
        for (const [id, { resolve }] of part) {
          resolve(rows.get(id) ?? null);
        }
      } catch (error) {
        for (const [, { reject }] of part) {
          reject(error);
        }
      }
    }
    this.#reading = false;
  }
}
