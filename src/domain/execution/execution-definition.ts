/** Executions (执行记录): runs of something elsewhere, Celery above all. Each is an instance with the action `external`, whose id its caller chose. */
import type { DefinitionSpec } from "../definition/definition.ts";
import { systemSpec } from "../definition/system-definition.ts";

const DEFINITION = "$execution/";

/** The definition under which the executions of a shard run, beside each other. */
export function executionDefinitionId(shard: number): string {
  return `${DEFINITION}${shard}`;
}

/** The shard whose executions a definition has; null when it is none of these. */
export function shardOfExecutionDefinition(definitionId: string): number | null {
  return isExecutionDefinition(definitionId) ? Number(definitionId.slice(DEFINITION.length)) : null;
}

/** Whether the instances of a definition are executions that were registered. */
export function isExecutionDefinition(definitionId: string): boolean {
  return definitionId.startsWith(DEFINITION);
}

/** Each execution brings its own name, user, payload and labels. */
export function executionDefinition(): DefinitionSpec {
  return systemSpec("executions", { kind: "external" });
}

/** The label that says which part of a program an execution belongs to. */
export const MODULE_LABEL = "module";
