import { defineEntity, p } from "@mikro-orm/core";
import { count } from "./columns.ts";

/** Apart from the fence, so that renewing a lease never waits for a journal commit. */
export const ShardEntity = defineEntity({
  name: "Shard",
  tableName: "shard",
  schema: "belfry",
  comment: "Leases: who owns a shard, and until when",
  properties: {
    id: p.integer().autoincrement(false).primary(),
    epoch: count(),
    owner: p.text().nullable(),
    expiresAt: p.type("timestamptz").columnType("timestamptz").$type<string>().nullable(),
  },
});

export const ShardLogEntity = defineEntity({
  name: "ShardLog",
  tableName: "shard_log",
  schema: "belfry",
  comment: "Fences: the epoch that may write a shard, and how far its log has come",
  properties: {
    shard: p.integer().autoincrement(false).primary(),
    epoch: count(),
    commitCount: count(),
    lastSequence: count(),
  },
});
