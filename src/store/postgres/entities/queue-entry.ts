import { defineEntity, p } from "@mikro-orm/core";
import { key } from "./columns.ts";

export const QueueEntryEntity = defineEntity({
  name: "QueueEntry",
  tableName: "queue_entry",
  schema: "belfry",
  comment: "Instances that wait for a worker",
  properties: {
    shard: p.integer().primary(),
    queue: key().primary(),
    priority: p.smallint().primary(),
    definitionId: key().primary(),
    instanceId: key().primary(),
  },
});
