/**
 * Actors whose whole state is one document, and rows that belong to them: destinations, platforms with their triggers and changes,
 * configuration with its changes, locks.
 */
import type { JsonObject } from "../../domain/json.ts";

export type ActorKind =
  | "destination"
  | "platform"
  | "trigger"
  | "platform_change"
  | "lock"
  | "config"
  | "config_change";

/** The place of an actor's row. */
export interface ActorStateKey {
  readonly kind: ActorKind;
  readonly id: string;
  readonly shard: number;
}

export interface ActorStateRecord extends ActorStateKey {
  readonly state: JsonObject;
  readonly updatedAt: number;
}

/** They are written by the journal. */
export interface ActorStateStore {
  /** Those that exist, of these ids. */
  load(kind: ActorKind, ids: readonly string[]): Promise<readonly ActorStateRecord[]>;
  /** By id, those after `after`, whose id begins with `prefix`, at most `limit`. */
  list(
    kind: ActorKind,
    filter: { readonly prefix: string },
    after: string,
    limit: number,
  ): Promise<readonly ActorStateRecord[]>;
}
