import { defineEntity, p } from "@mikro-orm/core";
import { instant, key } from "./columns.ts";

export const RequestEntity = defineEntity({
  name: "Request",
  tableName: "request",
  schema: "belfry",
  comment: "The answers that commands gave, by request id",
  properties: {
    key: key().primary(),
    createdAt: instant(),
    shard: p.integer(),
    fingerprint: p.text(),
    answer: p.text(),
  },
  indexes: [{ name: "request_by_creation", properties: ["createdAt"] }],
});
