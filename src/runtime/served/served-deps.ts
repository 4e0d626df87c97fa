import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { ActorStateStore } from "../../ports/store/actor-states.ts";
import type { ExecutorCommands } from "../api.ts";
import type { Journal } from "../journal.ts";
import type { Ownership } from "../ownership.ts";
import type { PerformCall } from "./served-call.ts";
import type { ServedKind, ServedRecord } from "./served-kind.ts";

export interface ServedDeps<Kept extends ServedRecord, Event extends { readonly at: number }> {
  readonly kind: ServedKind<Kept, Event>;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: ActorStateStore;
  readonly ownership: Ownership;
  readonly journal: Journal;
  readonly workers: () => ExecutorCommands;
  /** Makes the call that an instance is about. Null: this node makes none; they wait. */
  readonly call: PerformCall<Kept, Event> | null;
  /** What waits in memory in a queue. */
  readonly waitingFor: (queue: string) => number;
  readonly run: (decide: () => void) => void;
  readonly nodeId: string;
  readonly shardCount: number;
}
