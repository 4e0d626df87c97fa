import { defineEntity, p } from "@mikro-orm/core";
import { document, instant, key } from "./columns.ts";

export const SupervisorEntity = defineEntity({
  name: "Supervisor",
  tableName: "supervisor",
  schema: "belfry",
  comment: "What changes of a definition as it fires",
  properties: {
    definitionId: key().primary(),
    shard: p.integer(),
    wakeAt: instant().nullable(),
    supervision: document(),
  },
  indexes: [{ name: "supervisor_by_wake", properties: ["wakeAt", "shard"], where: "wake_at is not null" }],
});
