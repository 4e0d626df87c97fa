/**
 * A cache of compiled things, keyed by their text. Compiling is pure, so losing an entry costs time and nothing else:
 * past its bound the cache forgets the entry that has gone unused the longest.
 */
export class BoundedCache<V> {
  readonly #entries = new Map<string, V>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** The value under `key`, made by `compile` when it is not there. What `compile` throws passes through, uncached. */
  get(key: string, compile: () => V): V {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      // A Map keeps insertion order: putting an entry back makes it the youngest.
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known;
    }
    const made = compile();
    this.#entries.set(key, made);
    if (this.#entries.size > this.#capacity) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    return made;
  }

  get size(): number {
    return this.#entries.size;
  }
}
