import type { Store } from "../../../src/ports/store/store.ts";
import { ShardWriter } from "../../support/shard-writer.ts";

/** Everything that a store holds, in a form that can be compared. */
export interface StoredRows {
  /** Leases and fences: what also changes when a batch without rows is committed. */
  readonly shards: unknown;
  readonly others: unknown;
}

/** A store under test. */
export interface OpenedStore {
  /** Empty: no rows, no shards. */
  readonly store: Store;
  rows(): Promise<StoredRows>;
  close(): Promise<void>;
  /** Turns the store's clock on by so much, where a test can; otherwise the suite waits for short leases to end. */
  advance?(ms: number): Promise<void>;
}

/** Opens an empty store. Each test of the suite opens one, and closes it. */
export type OpenStore = () => Promise<OpenedStore>;

/** How many shards the suite works with. */
export const SHARDS = 4;
export const ALL_SHARDS: readonly number[] = Array.from({ length: SHARDS }, (_, shard) => shard);

/** What a claim about a store gets: the store with its shards prepared. */
export interface GivenStore {
  readonly store: Store;
  rows(): Promise<StoredRows>;
  /** A node that holds all shards from now on. */
  writer(node?: string): Promise<ShardWriter>;
  /** Asks until the condition holds, turning the clock on meanwhile. */
  until(condition: string, holds: () => Promise<boolean>): Promise<void>;
}

/** Makes the body of a test that gets a store of its own. */
export type Given = (claim: (given: GivenStore) => Promise<void>) => () => Promise<void>;

/** Asking a real store takes some tenths of a millisecond each time: enough for leases of `SHORT_TTL_MS` to end. */
const MAX_ATTEMPTS = 20_000;
const STEP_MS = 10;
/** A lease that a test waits for. */
export const SHORT_TTL_MS = 40;
/** A lease that outlives any test. */
export const LONG_TTL_MS = 600_000;

export function givenStore(open: OpenStore): Given {
  return (claim) => async () => {
    const opened = await open();
    try {
      const { store } = opened;
      await store.shards.prepare(SHARDS);
      await claim({
        store,
        rows: () => opened.rows(),
        writer: (node) => ShardWriter.over(store, node),
        until: async (condition, holds) => {
          for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
            if (await holds()) return;
            await opened.advance?.(STEP_MS);
          }
          throw new Error(`Still not so after ${MAX_ATTEMPTS} attempts: ${condition}`);
        },
      });
    } finally {
      await opened.close();
    }
  };
}
