/** Commands that the state of things, or their own contradictions, forbid. */
import type { JsonObject } from "./api.ts";
import { invalid, refused, type WrongInput } from "./wrong-input.ts";
import type { World } from "./world.ts";

const forbidden = (wrong: string, method: string, request: WrongInput["request"], state: string): WrongInput => ({
  ...refused(wrong, method, request, "failed_precondition", "STATE_FORBIDS"),
  metadata: () => ({ state }),
});

const TRIGGER = "DefinitionService/TriggerDefinition";
const BATCH = "DefinitionService/BatchTriggerDefinition";
const BACKFILL = "DefinitionService/BackfillDefinition";

/** Commands that take one id or a selector. */
const BULK: readonly (readonly [method: string, idField: string, idOf: (world: World) => string])[] = [
  ...["Pause", "Resume", "Cancel"].map(
    (verb) => [`DefinitionService/${verb}Definition`, "definitionId", ({ idle }: World) => idle] as const,
  ),
  ...["Cancel", "Retry", "Pause", "Resume"].map(
    (verb) => [`InstanceService/${verb}Instance`, "instanceId", ({ running }: World) => running] as const,
  ),
];

const WRONG_TARGETS: readonly WrongInput[] = BULK.flatMap(([method, idField, idOf]) => {
  const both = (world: World): JsonObject => ({ [idField]: idOf(world), selector: { userId: "u1" } });
  return [
    invalid("neither id nor selector", method, {}, idField),
    invalid("both id and selector", method, both, "selector"),
    invalid("a selector without a filter", method, { selector: {} }, "selector"),
    invalid("a selector without a filter, only to look", method, { selector: {}, validateOnly: true }, "selector"),
    invalid(
      "a selector with an unknown state",
      method,
      { selector: { userId: "u1", states: [99] } },
      "selector.states[0]",
    ),
  ];
});

export const WRONG_COMMANDS: readonly WrongInput[] = [
  ...WRONG_TARGETS,
  forbidden(
    "trigger of a cancelled definition",
    TRIGGER,
    ({ cancelled }) => ({ definitionId: cancelled }),
    "CANCELLED",
  ),
  forbidden(
    "trigger of a cancelled definition past the overlap policy",
    TRIGGER,
    ({ cancelled }) => ({ definitionId: cancelled, ignoreOverlap: true }),
    "CANCELLED",
  ),
  forbidden(
    "a batch for a cancelled definition, all or none",
    BATCH,
    ({ cancelled }) => ({ definitionId: cancelled, items: [{}], atomic: true }),
    "CANCELLED",
  ),
  forbidden(
    "a backfill of a cancelled definition",
    BACKFILL,
    ({ cancelled }) => ({
      definitionId: cancelled,
      startTime: "2025-01-01T00:00:00Z",
      endTime: "2025-01-03T00:00:00Z",
    }),
    "CANCELLED",
  ),
  forbidden(
    "pause of a cancelled definition",
    "DefinitionService/PauseDefinition",
    ({ cancelled }) => ({ definitionId: cancelled }),
    "CANCELLED",
  ),
  forbidden(
    "resume of a cancelled definition",
    "DefinitionService/ResumeDefinition",
    ({ cancelled }) => ({ definitionId: cancelled }),
    "CANCELLED",
  ),
  forbidden(
    "deletion of a definition with unfinished instances",
    "DefinitionService/DeleteDefinition",
    ({ busy }) => ({ definitionId: busy }),
    "ACTIVE",
  ),
  refused(
    "trigger while an instance is unfinished",
    TRIGGER,
    ({ busy }) => ({ definitionId: busy }),
    "failed_precondition",
    "OVERLAP",
  ),
  {
    ...refused(
      "a unique key that is taken",
      TRIGGER,
      ({ busy }) => ({ definitionId: busy, ignoreOverlap: true, overrides: { uniqueKey: { key: "order-7" } } }),
      "already_exists",
      "UNIQUE_KEY_TAKEN",
    ),
    metadata: ({ waiting }) => ({ instance_id: waiting }),
  },
  refused(
    "a batch with a unique key that is taken, all or none",
    BATCH,
    ({ busy }) => ({ definitionId: busy, atomic: true, items: [{}, { overrides: { uniqueKey: { key: "order-7" } } }] }),
    "already_exists",
    "UNIQUE_KEY_TAKEN",
  ),
  refused(
    "a batch with a unique key twice, all or none",
    BATCH,
    ({ busy }) => ({
      definitionId: busy,
      atomic: true,
      items: [{ overrides: { uniqueKey: { key: "a" } } }, { overrides: { uniqueKey: { key: "a" } } }],
    }),
    "already_exists",
    "UNIQUE_KEY_TAKEN",
  ),
  refused(
    "a request_id of another trigger",
    TRIGGER,
    ({ busy, used }) => ({
      definitionId: busy,
      payload: { other: true },
      ignoreOverlap: true,
      requestId: used.trigger,
    }),
    "already_exists",
    "REQUEST_ID_REUSED",
  ),
  refused(
    "a request_id of a trigger of another definition",
    TRIGGER,
    ({ idle, used }) => ({ definitionId: idle, ignoreOverlap: true, requestId: used.trigger }),
    "already_exists",
    "REQUEST_ID_REUSED",
  ),
  refused(
    "a request_id of a pause of another definition",
    "DefinitionService/PauseDefinition",
    ({ idle, used }) => ({ definitionId: idle, requestId: used.pause }),
    "already_exists",
    "REQUEST_ID_REUSED",
  ),
  invalid(
    "a unique key without a key",
    TRIGGER,
    ({ idle }) => ({ definitionId: idle, overrides: { uniqueKey: {} } }),
    "overrides.uniqueKey.key",
  ),
  invalid(
    "an unknown way out of a conflict",
    TRIGGER,
    ({ idle }) => ({ definitionId: idle, overrides: { uniqueKey: { key: "k", onConflict: 9 } } }),
    "overrides.uniqueKey.onConflict",
  ),
  invalid("no items", BATCH, ({ idle }) => ({ definitionId: idle }), "items"),
  invalid(
    "1001 items",
    BATCH,
    ({ idle }) => ({ definitionId: idle, items: Array.from({ length: 1001 }, () => ({})) }),
    "items",
  ),
  invalid(
    "a wrong item",
    BATCH,
    ({ idle }) => ({ definitionId: idle, items: [{}, { overrides: { priority: 9 } }] }),
    "items[1].overrides.priority",
  ),
  invalid("a backfill without range", BACKFILL, ({ idle }) => ({ definitionId: idle }), "startTime", "endTime"),
  invalid(
    "a backfill that ends before it starts",
    BACKFILL,
    ({ idle }) => ({ definitionId: idle, startTime: "2025-01-02T00:00:00Z", endTime: "2025-01-01T00:00:00Z" }),
    "endTime",
  ),
  invalid(
    "a backfill of the future",
    BACKFILL,
    ({ idle }) => ({ definitionId: idle, startTime: "2025-01-01T00:00:00Z", endTime: "2999-01-01T00:00:00Z" }),
    "endTime",
  ),
  invalid(
    "a reason of 1025 characters",
    "DefinitionService/PauseDefinition",
    ({ idle }) => ({ definitionId: idle, reason: "r".repeat(1025) }),
    "reason",
  ),
  forbidden(
    "retry of a running instance",
    "InstanceService/RetryInstance",
    ({ running }) => ({ instanceId: running }),
    "RUNNING",
  ),
  forbidden(
    "retry of a waiting instance",
    "InstanceService/RetryInstance",
    ({ waiting }) => ({ instanceId: waiting }),
    "PENDING",
  ),
  forbidden(
    "resume of a running instance",
    "InstanceService/ResumeInstance",
    ({ running }) => ({ instanceId: running }),
    "RUNNING",
  ),
  forbidden(
    "resume of a waiting instance",
    "InstanceService/ResumeInstance",
    ({ waiting }) => ({ instanceId: waiting }),
    "PENDING",
  ),
  forbidden(
    "pause of a completed instance",
    "InstanceService/PauseInstance",
    ({ completed }) => ({ instanceId: completed }),
    "COMPLETED",
  ),
  forbidden(
    "cancel of a completed instance",
    "InstanceService/CancelInstance",
    ({ completed }) => ({ instanceId: completed }),
    "COMPLETED",
  ),
  forbidden(
    "termination of a completed instance",
    "InstanceService/CancelInstance",
    ({ completed }) => ({ instanceId: completed, terminate: true }),
    "COMPLETED",
  ),
];
