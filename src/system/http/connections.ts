/**
 * The connections that are open, kept for the next request to the same origin. A connection is somebody's from `take` until it is put back or
 * dropped, so what one request suffers touches no other.
 *
 * - C1 An origin has no more connections than the bound; who comes then waits for his turn.
 * - C2 All origins together have no more idle connections than the bound; past it the one that was idle longest goes.
 * - C3 An origin without connections and without anybody who waits is forgotten.
 */
import { type Connection, openConnection } from "./connection.ts";
import type { Dial } from "./dial.ts";

export interface ConnectionsOptions {
  readonly dial: Dial;
  readonly maxPerOrigin: number;
  readonly maxIdle: number;
}

type Use = (connection: Connection) => void;

interface OriginConnections {
  /** Idle ones, the last used last. */
  readonly idle: Connection[];
  /** In the order in which they came. */
  readonly waiting: Set<Use>;
  open: number;
}

export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #origins = new Map<string, OriginConnections>();
  readonly #open = new Set<Connection>();
  /** Those of all origins, the longest idle first. */
  readonly #idle = new Set<Connection>();
  readonly #closing = new Set<Promise<void>>();

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /** How many are open, in use or idle. */
  get size(): number {
    return this.#open.size;
  }

  /** How many origins are known. */
  get origins(): number {
    return this.#origins.size;
  }

  /** Calls `use` with a connection, at once when one may be had. The answer gives the wait up. */
  take(origin: string, use: Use): () => void {
    const known = this.#of(origin);
    const idle = known.idle.pop();
    if (idle) {
      this.#idle.delete(idle);
      use(idle);
      return () => {};
    }
    if (known.open < this.#options.maxPerOrigin) {
      use(this.#openTo(origin, known));
      return () => {};
    }
    known.waiting.add(use); // C1
    return () => {
      known.waiting.delete(use);
    };
  }

  /** Its request is over, and it can carry another one. */
  putBack(connection: Connection): void {
    if (!this.#open.has(connection)) return;
    const known = this.#of(connection.origin);
    const next = shift(known.waiting);
    if (next) {
      next(connection);
      return;
    }
    known.idle.push(connection);
    this.#idle.add(connection);
    if (this.#idle.size <= this.#options.maxIdle) return;
    const [oldest] = this.#idle; // C2
    if (oldest) this.drop(oldest);
  }

  /** It cannot carry another request. Harmless when it was dropped already. */
  drop(connection: Connection): void {
    if (!this.#open.delete(connection)) return;
    const known = this.#of(connection.origin);
    known.open -= 1;
    if (this.#idle.delete(connection)) known.idle.splice(known.idle.indexOf(connection), 1);
    const closing = connection.destroy().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);

    const next = shift(known.waiting);
    if (next) next(this.#openTo(connection.origin, known));
    else if (known.open === 0) this.#origins.delete(connection.origin); // C3
  }

  /** Drops all of them. Resolves when they are closed. */
  async close(): Promise<void> {
    for (const known of this.#origins.values()) known.waiting.clear();
    for (const connection of this.#open) this.drop(connection);
    await Promise.all(this.#closing);
  }

  #of(origin: string): OriginConnections {
    const known = this.#origins.get(origin) ?? { idle: [], waiting: new Set(), open: 0 };
    this.#origins.set(origin, known);
    return known;
  }

  #openTo(origin: string, known: OriginConnections): Connection {
    const connection = openConnection(origin, this.#options.dial);
    known.open += 1;
    this.#open.add(connection);
    connection.onClosed(() => {
      // In use, its user hears of it.
      if (this.#idle.has(connection)) this.drop(connection);
    });
    return connection;
  }
}

function shift<T>(items: Set<T>): T | undefined {
  for (const first of items) {
    items.delete(first);
    return first;
  }
  return undefined;
}
