/** Triggers as they are stored. */
import type { JsonObject } from "../json.ts";
import type { PlatformTrigger } from "./trigger.ts";

/** What is stored of one: all but what its row is found by. */
export function stateOfTrigger({ id: _, ...state }: PlatformTrigger): JsonObject {
  return state;
}

export function triggerOfState(id: string, state: JsonObject): PlatformTrigger {
  return { ...(state as unknown as Omit<PlatformTrigger, "id">), id };
}
