import { p } from "@mikro-orm/core";
import { INSTANCE_STATES } from "../codes.ts";
import { count, document, instant, key, labels } from "./columns.ts";

/** What the tables of unfinished and of finished instances have in common. */
export const instanceColumns = {
  id: () => key().primary(),
  shard: () => p.integer(),
  definitionId: () => key().nullable(),
  userId: key,
  businessId: key,
  labels,
  priority: p.smallint,
  keyed: () => p.boolean().comment("Has a unique, ordering, supersede or concurrency key"),
  createdAt: instant,
  revision: count,
  state: () => p.smallint().comment(INSTANCE_STATES.legend),
  spec: document,
  life: document,
};
