import { defineEntity, p } from "@mikro-orm/core";
import { count } from "./columns.ts";

export const PublishedCursorEntity = defineEntity({
  name: "PublishedCursor",
  tableName: "published_cursor",
  schema: "belfry",
  comment: "How far the events of a shard have been published, and on which stream",
  properties: {
    shard: p.integer().autoincrement(false).primary(),
    sequence: count(),
    stream: p.text(),
  },
});
