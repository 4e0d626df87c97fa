const READ_AT_ONCE = 500;

/** Reads rows by id, many callers at a time, each row once. */
export class Reader<Row> {
  readonly #read: (ids: readonly string[]) => Promise<ReadonlyMap<string, Row>>;
  #waiting = new Map<string, PromiseWithResolvers<Row | null>>();
  #scheduled = false;

  constructor(read: (ids: readonly string[]) => Promise<ReadonlyMap<string, Row>>) {
    this.#read = read;
  }

  get(id: string): Promise<Row | null> {
    let waiting = this.#waiting.get(id);
    if (waiting === undefined) {
      waiting = Promise.withResolvers<Row | null>();
      this.#waiting.set(id, waiting);
      if (!this.#scheduled) {
        this.#scheduled = true;
        queueMicrotask(() => void this.#flush());
      }
    }
    return waiting.promise;
  }

  async #flush(): Promise<void> {
    this.#scheduled = false;
    const all = [...this.#waiting];
    this.#waiting = new Map();
    for (let from = 0; from < all.length; from += READ_AT_ONCE) {
      const part = all.slice(from, from + READ_AT_ONCE);
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
  }
}
