import { sql } from "kysely";
import type { ActorKind, ActorStateRecord, ActorStateStore } from "../../ports/store/actor-states.ts";
import { storableText } from "./binary-columns.ts";
import { ACTOR_KINDS } from "./codes.ts";
import type { Database } from "./database.ts";

/** Both reads go by the primary key: ids are compared by their bytes, so those with one prefix stand beside each other. */
export class PostgresActorStates implements ActorStateStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async load(kind: ActorKind, ids: readonly string[]): Promise<readonly ActorStateRecord[]> {
    if (ids.length === 0) return [];
    const rows = await this.#database.run((tables) =>
      tables
        .selectFrom("actor_state")
        .selectAll()
        .where("kind", "=", ACTOR_KINDS.codeOf(kind))
        .where("id", "=", sql<string>`any (${ids.map(storableText)}::text[])`)
        .execute(),
    );
    return rows.map(recordOf);
  }

  async list(
    kind: ActorKind,
    { prefix }: { readonly prefix: string },
    after: string,
    limit: number,
  ): Promise<readonly ActorStateRecord[]> {
    const rows = await this.#database.run((tables) =>
      tables
        .selectFrom("actor_state")
        .selectAll()
        .where("kind", "=", ACTOR_KINDS.codeOf(kind))
        .where("id", ">", storableText(after))
        .where("id", "^@", storableText(prefix))
        .orderBy("id")
        .limit(limit)
        .execute(),
    );
    return rows.map(recordOf);
  }
}

function recordOf(row: {
  readonly kind: number;
  readonly id: string;
  readonly shard: number;
  readonly updated_at: number;
  readonly state: ActorStateRecord["state"];
}): ActorStateRecord {
  return {
    kind: ACTOR_KINDS.nameOf(row.kind),
    id: row.id,
    shard: row.shard,
    state: row.state,
    updatedAt: row.updated_at,
  };
}
