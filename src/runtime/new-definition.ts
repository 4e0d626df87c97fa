/** Making a definition: its supervisor comes to life, and both are staged. */
import { isExhausted, newSupervision } from "../actors/supervisor/due.ts";
import { Roster } from "../actors/supervisor/roster.ts";
import type { DefinitionRecord, DefinitionSpec } from "../domain/definition/definition.ts";
import type { Clock } from "../ports/clock.ts";
import type { Decisions } from "./decisions.ts";
import type { Journal } from "./journal.ts";
import type { Residents, SupervisorResident } from "./residents.ts";
import { supervisorResident } from "./residents.ts";
import { maxConcurrentOf } from "./rosters.ts";

interface NewDefinition {
  readonly id: string;
  readonly shard: number;
  readonly spec: DefinitionSpec;
  readonly startPaused: boolean;
}

/** Stages a new definition, whose shard is this node's and whose id is free. */
export function stageNewDefinition(
  deps: {
    readonly clock: Clock;
    readonly journal: Journal;
    readonly residents: Residents;
    readonly decisions: Decisions;
  },
  asked: NewDefinition,
): SupervisorResident {
  const { clock, journal, residents, decisions } = deps;
  const resident = newResident(asked, clock);
  residents.supervisors.set(resident.id, resident);
  journal.open.decisions++;
  journal.open.supervisor(resident, { definition: true });
  decisions.arm(resident);
  return resident;
}

function newResident({ id, shard, spec: given, startPaused }: NewDefinition, clock: Clock): SupervisorResident {
  const at = clock.now();
  const spec = Number.isNaN(given.schedule.anchorAt)
    ? { ...given, schedule: { ...given.schedule, anchorAt: at } }
    : given;
  const supervision = newSupervision(spec.schedule, at);
  const definition: DefinitionRecord = {
    id,
    shard,
    revision: 1,
    spec,
    state: startPaused ? "PAUSED" : isExhausted({ spec, supervision }) ? "COMPLETED" : "ACTIVE",
    stateReason: startPaused ? "created paused" : "",
    createdAt: at,
    updatedAt: at,
  };
  const roster = new Roster(maxConcurrentOf(spec));
  return supervisorResident(definition, { supervision, wakeAt: null, roster }, clock.monotonic());
}
