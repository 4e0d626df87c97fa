import { defineEntity, p } from "@mikro-orm/core";
import { instant, key, textList } from "./columns.ts";

export const PushStateEntity = defineEntity({
  name: "PushState",
  tableName: "push_state",
  schema: "belfry",
  comment:
    "What a platform was told, by its id of it, and how that went. Rows stay: one without status that names a push was to be forgotten, and is.",
  properties: {
    platformId: key().primary(),
    thirdId: key().primary(),
    shard: p.integer(),
    sessionId: key(),
    workItemId: p.text().comment("Empty: of the session as a whole"),
    status: p
      .text()
      .nullable()
      .comment("As it was told last with success. Null: it knows nothing of it, any more or yet"),
    assignees: textList().comment("Numbers of those who have it there"),
    pushId: p.text().comment("The push that said so. Empty: none did"),
    at: instant(),
    failures: p.integer().comment("Pushes that failed since; the last of them: failed_…"),
    failedPushId: p.text().nullable(),
    failedAt: instant().nullable(),
    failedPermanently: p.boolean().nullable(),
  },
  indexes: [{ name: "push_state_by_session", properties: ["sessionId", "platformId"] }],
});
