import { defineEntity, p } from "@mikro-orm/core";
import { WORK_ITEM_STATES } from "../codes.ts";
import { document, instant, key, textList } from "./columns.ts";

export const WorkItemEntity = defineEntity({
  name: "WorkItem",
  tableName: "work_item",
  schema: "belfry",
  comment:
    "What somebody has to do in an approval, or did. Only assignees and updated_day, of what changes in a life, stand in an index: so other updates on one day are HOT.",
  properties: {
    id: key().primary(),
    sessionId: key(),
    shard: p.integer(),
    appId: key(),
    nodeId: p.text(),
    state: p.smallint().comment(WORK_ITEM_STATES.legend),
    assignees: textList().comment("Numbers of those who have it now"),
    createdAt: instant(),
    finishedAt: instant().nullable(),
    updatedAt: instant(),
    updatedDay: p.integer().comment("updated_at in days: what changed since some day is found by it"),
    document: document(),
  },
  indexes: [
    { name: "work_item_by_creation", properties: ["createdAt", "id"] },
    { name: "work_item_by_app", properties: ["appId", "createdAt", "id"] },
    { name: "work_item_by_session", properties: ["sessionId", "createdAt", "id"] },
    {
      name: "work_item_by_assignee",
      expression: `create index work_item_by_assignee on belfry.work_item using gin (assignees) with (fastupdate = off)`,
    },
    { name: "work_item_by_update", properties: ["updatedDay", "createdAt", "id"] },
  ],
});
