import { defineEntity, p } from "@mikro-orm/core";
import type { JsonObject } from "../../../domain/json.ts";
import { ACTOR_KINDS } from "../codes.ts";
import { instant, key } from "./columns.ts";

export const ActorStateEntity = defineEntity({
  name: "ActorState",
  tableName: "actor_state",
  schema: "belfry",
  comment: "Actors whose whole state is one document",
  properties: {
    kind: p.smallint().primary().autoincrement(false).comment(ACTOR_KINDS.legend),
    id: key().primary(),
    shard: p.integer(),
    updatedAt: instant(),
    state: p.type("json").columnType("json").$type<JsonObject>(),
  },
});
