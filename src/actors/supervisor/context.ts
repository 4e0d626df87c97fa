/** What a supervisor's machine carries, and what one step of it gives. */
import type { DefinitionSpec } from "../../domain/definition/definition.ts";
import type { DefinitionCounters, Supervision } from "../../domain/definition/supervision.ts";
import type { SupervisorEffect } from "./effects.ts";

export interface SupervisorContext {
  readonly id: string;
  readonly createdAt: number;
  readonly spec: DefinitionSpec;
  readonly stateReason: string;
  readonly supervision: Supervision;
}

export interface SupervisorStep {
  readonly context: SupervisorContext;
  readonly effects: readonly SupervisorEffect[];
}

export function counted(
  context: SupervisorContext,
  change: Partial<Record<keyof DefinitionCounters, number>>,
): SupervisorContext {
  const counters: Record<keyof DefinitionCounters, number> = { ...context.supervision.counters };
  for (const [name, by] of Object.entries(change) as [keyof DefinitionCounters, number][]) {
    counters[name] += by;
  }
  return { ...context, supervision: { ...context.supervision, counters } };
}
