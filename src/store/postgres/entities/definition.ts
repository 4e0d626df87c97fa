import { defineEntity, p } from "@mikro-orm/core";
import { DEFINITION_STATES } from "../codes.ts";
import { count, document, instant, key, labels, textList } from "./columns.ts";

export const DefinitionEntity = defineEntity({
  name: "Definition",
  tableName: "definition",
  schema: "belfry",
  comment: "Task definitions: what to run, and when. Changed by commands only.",
  properties: {
    id: key().primary(),
    shard: p.integer(),
    revision: count(),
    state: p.smallint().comment(DEFINITION_STATES.legend),
    stateReason: p.text(),
    userId: key(),
    name: p.text(),
    businessId: key(),
    labels: labels(),
    grams: textList().comment("What a search by text is compared with"),
    spec: document(),
    createdAt: instant(),
    updatedAt: instant(),
  },
  indexes: [
    { name: "definition_by_creation", properties: ["createdAt", "id"] },
    { name: "definition_by_user", properties: ["userId", "createdAt", "id"], where: "user_id <> ''::text" },
    {
      name: "definition_by_business_id",
      properties: ["businessId", "createdAt", "id"],
      where: "business_id <> ''::text",
    },
    {
      name: "definition_by_label",
      expression: `create index definition_by_label on belfry.definition using gin (labels jsonb_path_ops) with (fastupdate = off) where labels <> '{}'::jsonb`,
    },
    {
      name: "definition_by_gram",
      expression: `create index definition_by_gram on belfry.definition using gin (grams) with (gin_pending_list_limit = 256)`,
    },
  ],
});
