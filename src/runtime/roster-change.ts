/**
 * Changing the limits of a definition while instances of it are unfinished: its roster must know them before the new limits hold. An instance
 * whose turn came counts as waiting until it is told: the new limits hold for it too, and say anew whose turn it is.
 */
import type { Roster } from "../actors/supervisor/roster.ts";
import type { DefinitionSpec } from "../domain/definition/definition.ts";
import type { DefinitionCounters } from "../domain/definition/supervision.ts";
import type { InstanceRecord } from "../domain/instance/instance.ts";
import { isFinal } from "../domain/instance/instance.ts";
import type { ActorStore } from "../ports/store/actors.ts";
import type { Decisions } from "./decisions.ts";
import type { Journal } from "./journal.ts";
import { busy } from "./refusals.ts";
import type { Residents, SupervisorResident } from "./residents.ts";
import { maxConcurrentOf, restoreRoster, tracksAll, waitsForIdle } from "./rosters.ts";

const TRIES = 20;

/** What the roster becomes; null: only its limit may change. */
export type PreparedRoster = {
  readonly roster: Roster;
  readonly released: readonly string[];
  readonly counters: DefinitionCounters;
  readonly releasing: number;
} | null;

export class RosterChange {
  readonly #store: ActorStore;
  readonly #journal: Journal;
  readonly #residents: Residents;
  readonly #decisions: Decisions;

  constructor(deps: { store: ActorStore; journal: Journal; residents: Residents; decisions: Decisions }) {
    this.#store = deps.store;
    this.#journal = deps.journal;
    this.#residents = deps.residents;
    this.#decisions = deps.decisions;
  }

  /** Reads who is unfinished, when the roster is to be made anew. */
  async prepare(resident: SupervisorResident, spec: DefinitionSpec): Promise<PreparedRoster> {
    if (!isMadeAnew(resident, spec)) {
      return null;
    }
    for (let tries = 0; tries < TRIES; tries++) {
      await this.#journal.barrier();
      const { counters } = resident.supervision;
      const { releasing } = resident;
      const stored = await this.#store.loadActiveOf(resident.id, "all");
      // When one ended or came meanwhile, or was told that its turn came, what was read is old.
      if (resident.supervision.counters === counters && resident.releasing === releasing) {
        return { ...restoreRoster(spec, this.#current(resident, stored)), counters, releasing };
      }
    }
    throw busy("instances of this definition that start and end", TRIES);
  }

  /** Whether instances came, ended or were told to go since: then it is to be prepared anew. */
  isOld(prepared: PreparedRoster, resident: SupervisorResident, spec: DefinitionSpec): boolean {
    return prepared === null
      ? isMadeAnew(resident, spec)
      : prepared.counters !== resident.supervision.counters || prepared.releasing !== resident.releasing;
  }

  apply(resident: SupervisorResident, prepared: PreparedRoster): void {
    if (prepared !== null) {
      resident.roster = prepared.roster;
      this.#decisions.releaseAll(resident, prepared.released);
    }
    const { spec } = resident.definition;
    const released = resident.roster.review(maxConcurrentOf(spec), (member) => waitsForIdle(spec, member));
    this.#decisions.releaseAll(resident, released);
  }

  #current(resident: SupervisorResident, stored: readonly InstanceRecord[]): readonly InstanceRecord[] {
    const records = new Map(stored.map((record) => [record.id, record]));
    for (const instance of this.#residents.instances.values()) {
      if (instance.supervisor === resident) {
        records.set(instance.id, instance.record);
      }
    }
    return [...records.values()].filter(({ state }) => !isFinal(state)).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }
}

/** Whether the new spec must know what the roster does not: every unfinished instance, and who has not been told that its turn came. */
function isMadeAnew({ definition, releasing }: SupervisorResident, spec: DefinitionSpec): boolean {
  return tracksAll(spec) && (!tracksAll(definition.spec) || releasing > 0);
}
