/** What nodes say to each other: each kind of question with its answer, and each kind of notice. All of it is JSON. */
import type { ActorView, Assignment, WorkerSignal } from "../api.ts";

/** Questions: what is asked, and what is answered. */
export interface Asks {
  /** A command for a shard of the node that is asked. */
  command: { readonly ask: CommandCall; readonly answer: unknown };
  /** These shards are given up for you: acquire them. Answers with those acquired. */
  take: { readonly ask: { readonly shards: readonly number[] }; readonly answer: readonly number[] };
  /** Stop having shards, or have them again. */
  drain: { readonly ask: { readonly draining: boolean }; readonly answer: null };
  /** Attempts for workers of yours. Answers with those that no worker took. */
  assign: { readonly ask: { readonly assignments: readonly RemoteAssignment[] }; readonly answer: readonly string[] };
  /** Actors in memory. */
  actors: { readonly ask: { readonly limit: number }; readonly answer: readonly ActorView[] };
  /** Those with this id. */
  actor: { readonly ask: { readonly id: string }; readonly answer: readonly ActorView[] };
}

/** Notices: heard once, or never. */
export interface Notices {
  alive: Heartbeat;
  /** These shards are mine now. */
  owned: { readonly shards: readonly (readonly [shard: number, epoch: number])[] };
  /** So much waits in a queue of mine for workers of others; nothing: 0. */
  demand: { readonly queue: string; readonly waiting: number; readonly priority: number };
  /** Workers of mine are there for this queue; asks for the demand of others. */
  supply: { readonly queue: string };
  /** Slots of a worker of mine, for you. */
  grant: SlotGrant;
  /** Slots that you granted, not used. */
  giveBack: { readonly queue: string; readonly session: string; readonly slots: number };
  /** Attempts of workers of yours that are over: their slots are free. */
  released: { readonly tokens: readonly string[] };
  /** Attempts of workers of yours that have connected to another node since. */
  elsewhere: { readonly tokens: readonly string[] };
  /** Tell the workers that have these attempts. */
  signals: { readonly signals: readonly WorkerSignal[] };
  /** Tell me of commits: somebody here watches events. */
  watch: Record<string, never>;
  /** How far the logs of these shards have come. */
  moved: { readonly shards: readonly (readonly [shard: number, sequence: number])[] };
}

export interface Heartbeat {
  readonly state: MemberState;
  /** Where the node's API is, `host:port`. */
  readonly address: string;
  readonly version: string;
  readonly startedAt: number;
  readonly shards: number;
  readonly residents: number;
  readonly uncommitted: number;
  readonly unpublished: number;
  /** Queues that workers of the node wait for. */
  readonly queues: readonly string[];
  /** The store does not answer the node: it cannot have shards. */
  readonly storeAway?: boolean;
  /** The first of a life: answer at once, so that I know of you. */
  readonly hello?: boolean;
}

/** `draining`: it has shards no longer, or soon not, and still answers. `leaving`: it goes away. */
export type MemberState = "active" | "draining" | "leaving";

export interface CommandCall {
  readonly name: string;
  readonly shard: number;
  readonly arguments: readonly unknown[];
}

export interface SlotGrant {
  readonly queue: string;
  readonly session: string;
  readonly workerId: string;
  readonly heartbeats: boolean;
  readonly slots: number;
}

export interface RemoteAssignment extends Assignment {
  readonly session: string;
}
