import { defineEntity, p } from "@mikro-orm/core";
import { SESSION_STATES } from "../codes.ts";
import { document, instant, key } from "./columns.ts";

export const ApprovalSessionEntity = defineEntity({
  name: "ApprovalSession",
  tableName: "approval_session",
  schema: "belfry",
  comment:
    "Approvals, as the process system tells of them. Only updated_day, of what changes in a life, stands in an index: so updates on one day are HOT.",
  properties: {
    id: key().primary(),
    shard: p.integer(),
    appId: key(),
    state: p.smallint().comment(SESSION_STATES.legend),
    creator: key().comment("Number of the person who began it"),
    createdAt: instant(),
    finishedAt: instant().nullable(),
    deletedAt: instant().nullable(),
    archivedAt: instant().nullable(),
    updatedAt: instant(),
    updatedDay: p.integer().comment("updated_at in days: what changed since some day is found by it"),
    document: document(),
  },
  indexes: [
    { name: "approval_session_by_creation", properties: ["createdAt", "id"] },
    { name: "approval_session_by_app", properties: ["appId", "createdAt", "id"] },
    { name: "approval_session_by_creator", properties: ["creator", "createdAt", "id"] },
    { name: "approval_session_by_update", properties: ["updatedDay", "createdAt", "id"] },
  ],
});
