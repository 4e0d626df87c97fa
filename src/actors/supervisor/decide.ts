import type { DefinitionRecord, DefinitionState } from "../../domain/definition/definition.ts";
import type { Supervision } from "../../domain/definition/supervision.ts";
import type { SupervisorEffect } from "./effects.ts";
import type { SupervisorEvent } from "./events.ts";
import { pureTransition } from "../pure-transition.ts";
import { supervisorMachine } from "./machine.ts";
import type { SupervisorContext } from "./context.ts";

const transition = pureTransition(supervisorMachine);

/** What an event made of a definition. Not `accepted`: its state does not allow it, or nothing was due; nothing changed. */
export interface SupervisorDecision {
  readonly accepted: boolean;
  readonly definition: DefinitionRecord;
  readonly supervision: Supervision;
  readonly effects: readonly SupervisorEffect[];
}

/** A pure decision. The same `definition` object comes back when only the supervision changed. */
export function decideSupervisor(
  definition: DefinitionRecord,
  supervision: Supervision,
  event: SupervisorEvent,
): SupervisorDecision {
  const context: SupervisorContext = {
    id: definition.id,
    createdAt: definition.createdAt,
    spec: definition.spec,
    stateReason: definition.stateReason,
    supervision,
  };
  const before = supervisorMachine.resolveState({ value: definition.state, context });
  const [after, actions] = transition(before, event);
  if (actions.length === 0) {
    return { accepted: false, definition, supervision, effects: [] };
  }
  return {
    accepted: true,
    definition: changed(definition, after.value, after.context, event),
    supervision: after.context.supervision,
    effects: actions.map((action) => action.params as SupervisorEffect),
  };
}

function changed(
  before: DefinitionRecord,
  state: DefinitionState,
  { spec, stateReason }: SupervisorContext,
  event: SupervisorEvent,
): DefinitionRecord {
  if (before.state === state && before.spec === spec && before.stateReason === stateReason) {
    return before;
  }
  const byCaller =
    event.type === "PAUSE" || event.type === "RESUME" || event.type === "CANCEL" || event.type === "UPDATE";
  return {
    ...before,
    state,
    spec,
    stateReason: state === "COMPLETED" ? "" : stateReason,
    revision: byCaller ? before.revision + 1 : before.revision,
    updatedAt: byCaller ? event.at : before.updatedAt,
  };
}
