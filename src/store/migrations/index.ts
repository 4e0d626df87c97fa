import { Tables } from "./0001-tables.ts";
import { Journal } from "./0002-journal.ts";
import { PublishedCursors } from "./0003-published-cursors.ts";
import { ActorStates } from "./0004-actor-states.ts";
import { Approvals } from "./0005-approvals.ts";
import { LocksAndConfiguration } from "./0006-locks-and-configuration.ts";
import { Executions } from "./0007-executions.ts";
import { Retention } from "./0008-retention.ts";

/** In order. A migration that has been released never changes. */
export const MIGRATIONS = [
  { name: "0001-tables", class: Tables },
  { name: "0002-journal", class: Journal },
  { name: "0003-published-cursors", class: PublishedCursors },
  { name: "0004-actor-states", class: ActorStates },
  { name: "0005-approvals", class: Approvals },
  { name: "0006-locks-and-configuration", class: LocksAndConfiguration },
  { name: "0007-executions", class: Executions },
  { name: "0008-retention", class: Retention },
];
