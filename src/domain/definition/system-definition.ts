import { type Action, defaultTimeoutsOf } from "../action.ts";
import { DEFAULT_CATCH_UP } from "../policy/catch-up.ts";
import { DEFAULT_BUFFER_LIMIT } from "../policy/overlap.ts";
import { DEFAULT_PRIORITY } from "../policy/priority.ts";
import { DEFAULT_RETRY_POLICY } from "../policy/retry.ts";
import type { DefinitionSpec } from "./definition.ts";

/** Definitions that Belfry makes for itself have ids that begin so: no caller can choose one, and no list shows them. */
export const SYSTEM_ID_PREFIX = "$";

/** Those that run by themselves, to keep things in order: callers may see them, set when they run, pause and trigger them. */
export const MAINTENANCE_ID_PREFIX = "$belfry/";

export function isSystemDefinition(id: string): boolean {
  return id.startsWith(SYSTEM_ID_PREFIX);
}

export function isMaintenanceDefinition(id: string): boolean {
  return id.startsWith(MAINTENANCE_ID_PREFIX);
}

/** A definition under which Belfry runs instances of its own that are triggered one by one, beside each other. Each brings what it does. */
export function systemSpec(name: string, action: Action): DefinitionSpec {
  return {
    name,
    userId: "",
    content: "",
    payload: null,
    schedule: {
      timing: { kind: "manual" },
      timeZone: "UTC",
      anchorAt: Number.NaN,
      jitterMs: 0,
      excludedDates: [],
      exclusions: [],
      gapPolicy: "SKIP",
      foldPolicy: "ONCE",
    },
    action,
    overlapPolicy: "ALLOW_ALL",
    maxConcurrent: 0,
    bufferLimit: DEFAULT_BUFFER_LIMIT,
    catchUp: DEFAULT_CATCH_UP,
    retry: DEFAULT_RETRY_POLICY,
    timeouts: defaultTimeoutsOf(action),
    priority: DEFAULT_PRIORITY,
    labels: {},
    businessId: "",
    orderingKey: "",
    concurrency: null,
    pauseOnFailures: 0,
  };
}
