import type { CursorStore, PublishedCursor } from "../../ports/store/cursors.ts";
import type { Tables } from "./tables.ts";

export class MemoryCursors implements CursorStore {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  async read(shards: readonly number[]): Promise<readonly PublishedCursor[]> {
    return shards.flatMap((shard) => this.#tables.cursors.get(shard) ?? []);
  }

  async write(cursors: readonly (PublishedCursor & { readonly epoch: number })[]): Promise<void> {
    for (const { shard, epoch, sequence, stream } of cursors) {
      if (this.#tables.shards[shard]?.epoch !== epoch) continue;
      this.#tables.cursors.set(shard, Object.freeze({ shard, sequence, stream }));
    }
  }

  async lastBefore(
    shards: readonly number[],
    at: number,
  ): Promise<readonly { readonly shard: number; readonly sequence: number }[]> {
    return this.#tables.shards
      .filter(({ shard }) => shards.includes(shard))
      .map(({ shard, events, lastSequence }) => {
        const younger = events.find((event) => event.at >= at);
        return { shard, sequence: younger ? younger.sequence - 1 : lastSequence };
      });
  }
}
