import { type WebhookAction, defaultTimeoutsOf } from "../action.ts";
import type { DefinitionSpec } from "../definition/definition.ts";
import { DEFAULT_CATCH_UP } from "../policy/catch-up.ts";
import { DEFAULT_BUFFER_LIMIT } from "../policy/overlap.ts";
import { DEFAULT_PRIORITY } from "../policy/priority.ts";
import { DEFAULT_RETRY_POLICY } from "../policy/retry.ts";

/** The definition under which the dispatches to an origin run (`dispatchDefinitionId`). A dispatch brings its own name and action. */
export function dispatchDefinition(origin: string): DefinitionSpec {
  const action: WebhookAction = {
    kind: "webhook",
    url: new URL(origin).href,
    headers: {},
    secret: "",
    taskType: "",
    callback: null,
  };
  return {
    name: `dispatches to ${origin}`,
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
