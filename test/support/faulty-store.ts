import { type CommitOutcome, type JournalBatch, StoreUnavailable } from "../../src/ports/store/journal.ts";
import type { Store } from "../../src/ports/store/store.ts";

/** Commits that stand still until they are released. */
export interface Hold {
  /** How many commits wait by now. */
  readonly waiting: number;
  /** Resolves when so many commits (1 when left out) have arrived since the hold began. */
  arrived(count?: number): Promise<void>;
  /** Lets all that wait and all that come go on. */
  release(): void;
}

/** A store with everything that can go wrong between a node and its database, switched by a test. */
export interface FaultyStore extends Store {
  /** The next commits (1 when left out) fail and write nothing. */
  failBeforeCommit(times?: number): void;
  /** The next commits (1 when left out) are written, yet their caller is told that the store broke off. */
  failAfterCommit(times?: number): void;
  /** Commits wait from now on, before anything is written. One hold at a time. */
  holdCommits(): Hold;
  /** Everything fails from now on, until the store is back. Commits that are held fail when they are released. */
  goAway(): void;
  comeBack(): void;
  /** The batches that were sent to be committed, in order, those that failed included. */
  readonly sent: readonly JournalBatch[];
}

/** Puts faults, all off at first, before a store. Closing it closes the store. */
export function faultyStore(store: Store): FaultyStore {
  const sent: JournalBatch[] = [];
  let away = false;
  let failuresBefore = 0;
  let failuresAfter = 0;
  let gate: Gate | null = null;

  const reach = (): void => {
    if (away) throw new StoreUnavailable("The store is away, as the test asked for");
  };

  const commit = async (batch: JournalBatch): Promise<CommitOutcome> => {
    sent.push(batch);
    reach();
    await gate?.pass();
    reach();
    if (failuresBefore > 0) {
      failuresBefore -= 1;
      throw new StoreUnavailable("The store broke off before it wrote, as the test asked for");
    }
    const outcome = await store.journal.commit(batch);
    if (failuresAfter > 0) {
      failuresAfter -= 1;
      throw new StoreUnavailable("The store broke off after it wrote, as the test asked for");
    }
    return outcome;
  };

  return {
    journal: { commit },
    shards: reachable(store.shards, reach),
    actors: reachable(store.actors, reach),
    queries: reachable(store.queries, reach),
    cursors: reachable(store.cursors, reach),
    actorStates: reachable(store.actorStates, reach),
    approvals: reachable(store.approvals, reach),
    retention: reachable(store.retention, reach),
    ping: async () => {
      reach();
      await store.ping();
    },
    close: () => store.close(),
    failBeforeCommit: (times = 1) => {
      failuresBefore = times;
    },
    failAfterCommit: (times = 1) => {
      failuresAfter = times;
    },
    holdCommits: () => {
      if (gate) throw new Error("Commits are held already: release that hold first");
      gate = new Gate(() => {
        gate = null;
      });
      return gate;
    },
    goAway: () => {
      away = true;
    },
    comeBack: () => {
      away = false;
    },
    sent,
  };
}

class Gate implements Hold {
  readonly #opened: () => void;
  readonly #waiters: (() => void)[] = [];
  readonly #watchers: { readonly count: number; readonly seen: () => void }[] = [];

  constructor(opened: () => void) {
    this.#opened = opened;
  }

  get waiting(): number {
    return this.#waiters.length;
  }

  pass(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
      for (const { count, seen } of this.#watchers) if (this.waiting >= count) seen();
    });
  }

  arrived(count = 1): Promise<void> {
    return new Promise((resolve) => {
      if (this.waiting >= count) resolve();
      else this.#watchers.push({ count, seen: resolve });
    });
  }

  release(): void {
    this.#opened();
    for (const resolve of this.#waiters.splice(0)) resolve();
  }
}

/** The same part of a store, each method of which rejects while the store cannot be reached. */
function reachable<Part extends object>(part: Part, reach: () => void): Part {
  return new Proxy(part, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      return async (...args: readonly unknown[]): Promise<unknown> => {
        reach();
        return await Reflect.apply(member, target, args);
      };
    },
  });
}
