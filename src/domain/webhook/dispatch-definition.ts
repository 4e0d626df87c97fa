import type { DefinitionSpec } from "../definition/definition.ts";
import { systemSpec } from "../definition/system-definition.ts";

/** The definition under which the dispatches to an origin run (`dispatchDefinitionId`). A dispatch brings its own name and action. */
export function dispatchDefinition(origin: string): DefinitionSpec {
  return systemSpec(`dispatches to ${origin}`, {
    kind: "webhook",
    url: new URL(origin).href,
    headers: {},
    secret: "",
    taskType: "",
    callback: null,
  });
}
