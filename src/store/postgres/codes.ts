import type { SessionState, WorkItemState } from "../../domain/approval/session.ts";
import type { DefinitionState } from "../../domain/definition/definition.ts";
import type { OccurrenceOutcome } from "../../domain/definition/occurrence.ts";
import type { AttemptOutcome } from "../../domain/instance/attempt.ts";
import type { InstanceState } from "../../domain/instance/instance.ts";
import type { ActorKind } from "../../ports/store/actor-states.ts";

/** A vocabulary as the database has it: small numbers, given once and never reused. */
export interface Codes<Name extends string> {
  codeOf(name: Name): number;
  nameOf(code: number): Name;
  /** For people who look into the database. */
  readonly legend: string;
}

export const DEFINITION_STATES = codes<DefinitionState>({ ACTIVE: 1, PAUSED: 2, COMPLETED: 3, CANCELLED: 4 });

/** Up to 4 unfinished, from 5 on final, past 5 unsuccessful: index predicates and the journal rely on it. */
export const INSTANCE_STATES = codes<InstanceState>({
  PENDING: 1,
  RUNNING: 2,
  BACKING_OFF: 3,
  PAUSED: 4,
  COMPLETED: 5,
  FAILED: 6,
  CANCELLED: 7,
  TIMED_OUT: 8,
});
export const COMPLETED_CODE = 5;

export const OCCURRENCE_OUTCOMES = codes<OccurrenceOutcome>({
  FIRED: 1,
  SKIPPED_OVERLAP: 2,
  MISSED: 3,
  PAUSED: 4,
  DROPPED: 5,
  BUFFERED: 6,
});

export const ATTEMPT_OUTCOMES = codes<AttemptOutcome>({ SUCCEEDED: 1, FAILED: 2, TIMED_OUT: 3, CANCELLED: 4, LOST: 5 });

export const ACTOR_KINDS = codes<ActorKind>({
  destination: 1,
  platform: 2,
  trigger: 3,
  platform_change: 4,
  lock: 6,
  config: 7,
  config_change: 8,
});

export const SESSION_STATES = codes<SessionState>({
  DRAFT: 1,
  RUNNING: 2,
  SUSPENDED: 3,
  COMPLETED: 4,
  ABORTED: 5,
  REJECTED: 6,
  REVOKED: 7,
});

export const WORK_ITEM_STATES = codes<WorkItemState>({ OPEN: 1, CLAIMED: 2, DONE: 3, WITHDRAWN: 4 });

function codes<Name extends string>(table: Readonly<Record<Name, number>>): Codes<Name> {
  const byName = new Map<string, number>(Object.entries<number>(table));
  const byCode = new Map<number, Name>();
  for (const name in table) byCode.set(table[name], name);
  return {
    codeOf: (name) => table[name],
    nameOf(code) {
      const name = byCode.get(code);
      if (name === undefined) throw new Error(`The database holds the code ${code}, which this version does not know`);
      return name;
    },
    legend: [...byName].map(([name, code]) => `${code} ${name}`).join(", "),
  };
}
