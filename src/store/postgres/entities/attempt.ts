import { defineEntity, p } from "@mikro-orm/core";
import { ATTEMPT_OUTCOMES } from "../codes.ts";
import type { AttemptRecord } from "../../../domain/instance/attempt.ts";
import { instant, key } from "./columns.ts";

export const AttemptEntity = defineEntity({
  name: "Attempt",
  tableName: "attempt",
  schema: "belfry",
  comment: "Attempts that are over",
  properties: {
    instanceId: key().primary(),
    number: p.integer().primary(),
    shard: p.integer(),
    outcome: p.smallint().comment(ATTEMPT_OUTCOMES.legend),
    startedAt: instant(),
    endedAt: instant(),
    detail: p
      .type("json")
      .columnType("json")
      .$type<Pick<AttemptRecord, "series" | "workerId" | "error" | "exchange">>()
      .comment("series, workerId, error, exchange"),
  },
});
