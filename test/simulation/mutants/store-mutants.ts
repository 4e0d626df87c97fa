import type { JournalBatch, ShardFence } from "../../../src/ports/store/journal.ts";
import type { Mutant } from "./mutant.ts";
import { replacing } from "./replacing.ts";

/** The store takes every batch, whoever sends it: an owner of yesterday writes beside the one of today. */
export const FENCE_LEFT_OUT: Mutant = {
  name: "the fence is left out",
  store: (store) => {
    const standing = new Map<number, Omit<ShardFence, "shard">>();
    const asOfToday = (batch: JournalBatch): JournalBatch => {
      const sequences = new Map([...standing].map(([shard, { lastSequence }]) => [shard, lastSequence]));
      const events = batch.events.map((event) => {
        const sequence = (sequences.get(event.shard) ?? 0) + 1;
        sequences.set(event.shard, sequence);
        return { ...event, sequence };
      });
      const fences = batch.fences.map(({ shard, ...claimed }) => ({
        shard,
        ...claimed,
        ...standing.get(shard),
        lastSequence: sequences.get(shard) ?? claimed.lastSequence,
      }));
      return { ...batch, events, fences };
    };
    return {
      ...store,
      journal: {
        commit: async (batch) => {
          const isRepeated = batch.fences.every(({ shard, epoch, commit }) => {
            const now = standing.get(shard);
            return now?.epoch === epoch && now.commit === commit + 1;
          });
          const written = isRepeated ? batch : asOfToday(batch);
          const outcome = await store.journal.commit(written);
          if (outcome.kind === "committed" && !isRepeated) {
            for (const { shard, epoch, commit, lastSequence } of written.fences) {
              standing.set(shard, { epoch, commit: commit + 1, lastSequence });
            }
          }
          return outcome;
        },
      },
      shards: replacing(store.shards, {
        acquire: async (...args) => {
          const acquired = await store.shards.acquire(...args);
          for (const { shard, ...now } of acquired) {
            standing.set(shard, now);
          }
          return acquired;
        },
      }),
    };
  },
};

/** A commit is acknowledged at once and written a moment later, if the process still lives then. */
export const OUTBOX_BEFORE_COMMIT: Mutant = {
  name: "what is decided leaves before it is durable",
  line: (store, { time, life }) => {
    let before: Promise<unknown> = Promise.resolve();
    return {
      ...store,
      journal: {
        commit: async (batch) => {
          const { promise, resolve } = Promise.withResolvers<void>();
          time.after(5, resolve);
          before = Promise.all([before, promise]).then(() => (life.alive ? store.journal.commit(batch) : undefined));
          before.catch(() => {});
          return { kind: "committed" };
        },
      },
    };
  },
};

/** A shard that is given up belongs to a ghost from then on. */
export const HAND_OVER_LOST: Mutant = {
  name: "a shard is lost between two owners",
  store: (store) => ({
    ...store,
    shards: replacing(store.shards, {
      release: async (node, held) => {
        await store.shards.release(node, held);
        await store.shards.acquire(
          "a ghost",
          1e12,
          held.map(({ shard }) => shard),
        );
      },
    }),
  }),
};

/** What was answered under a request id is not found again when it is looked for. */
export const REQUEST_ID_FORGOTTEN: Mutant = {
  name: "a request id is forgotten",
  store: (store) => ({
    ...store,
    actors: replacing(store.actors, { findRequests: () => Promise.resolve([]) }),
  }),
};

/** A new owner does not find every deadline. */
export const DEADLINE_OVERLOOKED: Mutant = {
  name: "deadlines are overlooked when a shard is taken over",
  store: (store) => ({
    ...store,
    actors: replacing(store.actors, {
      dueWakeups: async (shards, after, until, limit) => {
        const found = await store.actors.dueWakeups(shards, after, until, limit);
        return after === null ? found.filter((_, index) => index % 2 === 1) : found;
      },
    }),
  }),
};

/** An instance that waits is not found in its queue again. */
export const QUEUE_ENTRY_LOST: Mutant = {
  name: "an entry of a queue is lost",
  store: (store) => ({
    ...store,
    actors: replacing(store.actors, {
      readLane: async (lane, shards, after, limit) =>
        (await store.actors.readLane(lane, shards, after, limit)).slice(1),
    }),
  }),
};

/** Who gets a destination does not find what it went through with the one before. */
export const DESTINATION_FORGOTTEN: Mutant = {
  name: "a destination begins anew with its next owner",
  store: (store) => ({
    ...store,
    actorStates: replacing(store.actorStates, {
      load: async (kind, ids) => (kind === "destination" ? [] : await store.actorStates.load(kind, ids)),
    }),
  }),
};
