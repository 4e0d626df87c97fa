import { defineEntity, p } from "@mikro-orm/core";
import { OCCURRENCE_OUTCOMES } from "../codes.ts";
import { instant, key } from "./columns.ts";

export const OccurrenceEntity = defineEntity({
  name: "Occurrence",
  tableName: "occurrence",
  schema: "belfry",
  comment: "The ledger: each due time of a definition, and what became of it",
  properties: {
    definitionId: key().primary(),
    scheduledAt: instant().primary(),
    decidedAt: instant(),
    shard: p.integer(),
    outcome: p.smallint().comment(OCCURRENCE_OUTCOMES.legend),
    reason: p.text(),
    instanceId: p.text().nullable(),
  },
});
