/** How a session stands: its state's time, its last end, its deletion, its archiving. Pure functions, as are those in the files beside. */
import type { SessionRecord } from "../../domain/approval/records.ts";
import type { SessionState } from "../../domain/approval/session.ts";
import type { Announcement } from "../breaker/effects.ts";
import { announce } from "../breaker/effects.ts";
import type { SessionEvent } from "./events.ts";

/** What the machine carries. */
export interface Standing {
  readonly factAt: number;
  readonly lastEndedAt: number | null;
  readonly deletedAt: number | null;
  readonly archivedAt: number | null;
}

export interface SessionStep {
  readonly standing: Standing;
  readonly effects: readonly Announcement[];
}

export function standingOf({ factAt, deletedAt, archivedAt, knowledge }: SessionRecord): Standing {
  return { factAt, lastEndedAt: knowledge.lastEndedAt, deletedAt, archivedAt };
}

export function isEnded(state: SessionState): boolean {
  return state !== "DRAFT" && state !== "RUNNING" && state !== "SUSPENDED";
}

export function isNewer({ factAt }: Standing, { happenedAt }: SessionEvent): boolean {
  return happenedAt > factAt;
}

export function isNotOlder({ factAt }: Standing, { happenedAt }: SessionEvent): boolean {
  return happenedAt >= factAt;
}

/** It is in the state that is told. */
export function stand(standing: Standing, { happenedAt }: SessionEvent): SessionStep {
  return { standing: { ...standing, factAt: happenedAt }, effects: [] };
}

/** It comes into the state that is told. */
export function enter(standing: Standing, event: SessionEvent): SessionStep {
  return { ...stand(standing, event), effects: [announce(event.type.toLowerCase())] };
}

/** It had ended by then, whatever it does since: what was open then is not any more. */
export function noteEnd(standing: Standing, { happenedAt }: SessionEvent): SessionStep {
  const { lastEndedAt } = standing;
  return lastEndedAt !== null && lastEndedAt >= happenedAt
    ? { standing, effects: [] }
    : { standing: { ...standing, lastEndedAt: happenedAt }, effects: [] };
}

/** What is deleted stays so; the first deletion counts. */
export function remove(standing: Standing, { happenedAt }: SessionEvent): SessionStep {
  return {
    standing: { ...standing, deletedAt: earlier(standing.deletedAt, happenedAt) },
    effects: standing.deletedAt === null ? [announce("deleted")] : [],
  };
}

/** What is archived stays so, whatever state it is in; the first time counts. */
export function archive(standing: Standing, { happenedAt }: SessionEvent): SessionStep {
  return {
    standing: { ...standing, archivedAt: earlier(standing.archivedAt, happenedAt) },
    effects: standing.archivedAt === null ? [announce("archived")] : [],
  };
}

function earlier(known: number | null, told: number): number {
  return known === null ? told : Math.min(known, told);
}
