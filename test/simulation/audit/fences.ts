/**
 * One writer at a time, judged by what the store accepted: per shard the commits are one chain, each with the epoch that was handed out last, and
 * written by the life it was handed out to.
 */
import type { CommitOutcome, JournalBatch } from "../../../src/ports/store/journal.ts";
import type { AcquiredShard } from "../../../src/ports/store/shards.ts";
import type { Life } from "../world/life.ts";
import type { Audit } from "./audit.ts";

interface Chain {
  epoch: number;
  owner: string;
  commit: number;
  lastSequence: number;
}

export class Fences {
  readonly #audit: Audit;
  readonly #chains = new Map<number, Chain>();

  constructor(audit: Audit) {
    this.#audit = audit;
  }

  /** The life that got the shard last. */
  ownerOf(shard: number): string | undefined {
    return this.#chains.get(shard)?.owner;
  }

  acquired(life: Life, shards: readonly AcquiredShard[]): void {
    for (const { shard, epoch, commit, lastSequence } of shards) {
      const known = this.#chains.get(shard);
      this.#audit.require(
        epoch > (known?.epoch ?? 0),
        "an epoch is handed out once",
        () => `${life.name} got shard ${shard} at epoch ${epoch}, which ${known?.owner} had`,
      );
      this.#audit.require(
        commit === (known?.commit ?? 0) && lastSequence === (known?.lastSequence ?? 0),
        "an owner goes on where the one before stopped",
        () =>
          `${life.name} got shard ${shard} at commit ${commit}, event ${lastSequence}; it stood at ${known?.commit}, ${known?.lastSequence}`,
      );
      this.#chains.set(shard, { epoch, owner: life.name, commit, lastSequence });
    }
  }

  /** @returns whether the batch is new; not when it is one that was written before and came again. */
  accepted(life: Life, { fences, events }: JournalBatch, { kind }: CommitOutcome): boolean {
    if (kind !== "committed") {
      return false;
    }
    let isNew = fences.length === 0;
    for (const { shard, epoch, commit, lastSequence } of fences) {
      const chain = this.#chains.get(shard);
      if (chain === undefined) {
        this.#audit.found("only owners write", `${life.name} wrote shard ${shard}, which nobody ever acquired`);
        continue;
      }
      this.#audit.require(
        chain.epoch === epoch && chain.owner === life.name,
        "at most one activation acts at a time",
        () =>
          `${life.name} wrote shard ${shard} at epoch ${epoch}, which belongs to ${chain.owner} at epoch ${chain.epoch}`,
      );
      if (commit === chain.commit) {
        isNew = true;
        chain.commit++;
        const count = events.filter((event) => event.shard === shard).length;
        this.#audit.require(
          chain.lastSequence + count === lastSequence,
          "event sequences have no gap",
          () => `shard ${shard}: ${count} events after ${chain.lastSequence} end at ${lastSequence}`,
        );
        chain.lastSequence = lastSequence;
      } else {
        this.#audit.require(
          commit + 1 === chain.commit && lastSequence === chain.lastSequence,
          "commits are one chain",
          () =>
            `${life.name} wrote shard ${shard} after its commit ${commit}, event ${lastSequence}; it stood at ${chain.commit}, ${chain.lastSequence}`,
        );
      }
    }
    return isNew;
  }
}
