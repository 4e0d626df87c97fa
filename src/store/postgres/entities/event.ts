import { defineEntity, p } from "@mikro-orm/core";
import { count } from "./columns.ts";
import type { PackedEvent } from "../packed-events.ts";

export const EventEntity = defineEntity({
  name: "Event",
  tableName: "event",
  schema: "belfry",
  comment: "The log of status events: one row for those of a shard that were committed together",
  properties: {
    shard: p.integer().primary(),
    lastSequence: count().primary(),
    firstSequence: count(),
    events: p
      .type("json")
      .columnType("json")
      .$type<readonly PackedEvent[]>()
      .comment("[resource, id, name, at, data], by sequence"),
  },
});
