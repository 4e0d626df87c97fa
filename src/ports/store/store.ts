import type { ActorStateStore } from "./actor-states.ts";
import type { ActorStore } from "./actors.ts";
import type { ApprovalStore } from "./approvals.ts";
import type { CursorStore } from "./cursors.ts";
import type { JournalStore } from "./journal.ts";
import type { QueryStore } from "./queries.ts";
import type { RetentionStore } from "./retention.ts";
import type { ShardStore } from "./shards.ts";

/** All that is durable. One contract suite (test/contract/store) runs on every implementation. */
export interface Store {
  readonly journal: JournalStore;
  readonly shards: ShardStore;
  readonly actors: ActorStore;
  readonly queries: QueryStore;
  readonly cursors: CursorStore;
  readonly actorStates: ActorStateStore;
  readonly approvals: ApprovalStore;
  readonly retention: RetentionStore;
  /** Whether the store answers; throws StoreUnavailable when not. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
