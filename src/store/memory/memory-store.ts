import type { Clock } from "../../ports/clock.ts";
import type { Store } from "../../ports/store/store.ts";
import { MemoryActorStates } from "./actor-states.ts";
import { MemoryActors } from "./actors.ts";
import { MemoryApprovals } from "./approvals.ts";
import { MemoryCursors } from "./cursors.ts";
import { MemoryJournal } from "./journal.ts";
import { MemoryQueries } from "./queries.ts";
import { MemoryRetention } from "./retention.ts";
import { MemoryShards } from "./shards.ts";
import { type Tables, emptyTables } from "./tables.ts";

/**
 * A store that keeps everything in memory: for tests and simulations, where several nodes share one and it outlives each of them. It holds
 * what the port says, and is stricter in one thing: a batch that breaks the port's rules is refused with the sentence of why
 * (`InvalidBatch`), instead of a constraint of a database. Records that it gives out are frozen.
 *
 * @param clock the store's own clock, by whose monotonic reading leases are judged.
 * @param tables where it keeps everything. Default: new ones.
 */
export function createMemoryStore({
  clock,
  tables = emptyTables(),
}: {
  readonly clock: Clock;
  readonly tables?: Tables;
}): Store {
  return {
    journal: new MemoryJournal(tables),
    shards: new MemoryShards(tables, clock),
    actors: new MemoryActors(tables),
    queries: new MemoryQueries(tables),
    cursors: new MemoryCursors(tables),
    actorStates: new MemoryActorStates(tables),
    approvals: new MemoryApprovals(tables),
    retention: new MemoryRetention(tables),
    ping: async () => {},
    // There is nothing to let go of; other nodes may go on with it.
    close: async () => {},
  };
}
