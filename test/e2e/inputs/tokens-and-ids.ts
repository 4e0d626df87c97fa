/** Ids that nobody has, and tokens that are wrong for where they are sent. */
import { randomUUID } from "node:crypto";
import type { JsonObject } from "./api.ts";
import { invalid, refused, type WrongInput } from "./wrong-input.ts";
import { aDefinition, type World } from "./world.ts";

const RANGE = { startTime: "2025-01-01T00:00:00Z", endTime: "2025-01-02T00:00:00Z" };

/** Every method that names a definition, with what else it needs. */
const OF_DEFINITIONS: Readonly<Record<string, JsonObject>> = {
  GetDefinition: {},
  DeleteDefinition: {},
  PauseDefinition: {},
  ResumeDefinition: {},
  CancelDefinition: {},
  TriggerDefinition: {},
  BatchTriggerDefinition: { items: [{}] },
  BackfillDefinition: RANGE,
  ListOccurrences: {},
  ExplainDefinition: {},
};
const OF_INSTANCES = [
  "GetInstance",
  "CancelInstance",
  "RetryInstance",
  "PauseInstance",
  "ResumeInstance",
  "ListAttempts",
  "ExplainInstance",
];
/** Ids as people mistype them, of lengths and characters that ids of ours do not have. */
const UNKNOWN_IDS = ["nope", randomUUID(), "监控", "%2e%2e/", "i".repeat(255)];

const UNKNOWN: readonly WrongInput[] = [
  ...Object.entries(OF_DEFINITIONS).flatMap(([method, more]) => [
    ...UNKNOWN_IDS.map((definitionId) =>
      refused(
        `id ${definitionId.slice(0, 40)}`,
        `DefinitionService/${method}`,
        { definitionId, ...more },
        "not_found",
        "DEFINITION_NOT_FOUND",
      ),
    ),
    refused(
      "the id of an instance",
      `DefinitionService/${method}`,
      ({ running }) => ({ definitionId: running, ...more }),
      "not_found",
      "DEFINITION_NOT_FOUND",
    ),
    invalid(
      "an id of 256 characters",
      `DefinitionService/${method}`,
      { definitionId: "i".repeat(256), ...more },
      "definitionId",
    ),
    invalid("no id", `DefinitionService/${method}`, { ...more }, "definitionId"),
  ]),
  refused(
    "an unknown id",
    "DefinitionService/UpdateDefinition",
    { definition: aDefinition({ id: "nope" }) },
    "not_found",
    "DEFINITION_NOT_FOUND",
  ),
  ...OF_INSTANCES.flatMap((method) => [
    ...UNKNOWN_IDS.map((instanceId) =>
      refused(
        `id ${instanceId.slice(0, 40)}`,
        `InstanceService/${method}`,
        { instanceId },
        "not_found",
        "INSTANCE_NOT_FOUND",
      ),
    ),
    refused(
      "the id of a definition",
      `InstanceService/${method}`,
      ({ idle }) => ({ instanceId: idle }),
      "not_found",
      "INSTANCE_NOT_FOUND",
    ),
    invalid("an id of 256 characters", `InstanceService/${method}`, { instanceId: "i".repeat(256) }, "instanceId"),
    invalid("no id", `InstanceService/${method}`, {}, "instanceId"),
  ]),
];

const REPORTS = ["HeartbeatInstance", "CompleteInstance", "FailInstance"].map((method) => `WorkerService/${method}`);

const WRONG_ATTEMPTS: readonly WrongInput[] = REPORTS.flatMap((method) => [
  invalid("no token", method, {}, "attemptToken"),
  invalid("a token of 513 characters", method, { attemptToken: "t".repeat(513) }, "attemptToken"),
  ...["garbage", "..", "0123456789abcdef.1.nope"].map((attemptToken) =>
    refused(`the token ${attemptToken}`, method, { attemptToken }, "failed_precondition", "STALE_ATTEMPT"),
  ),
  refused(
    "the token of an attempt that is over",
    method,
    ({ staleToken }) => ({ attemptToken: staleToken }),
    "failed_precondition",
    "STALE_ATTEMPT",
  ),
  refused(
    "a token with another attempt's number",
    method,
    ({ runningToken }) => ({ attemptToken: runningToken.replace(/\.1\./, ".2.") }),
    "failed_precondition",
    "STALE_ATTEMPT",
  ),
  refused(
    "a token whose secret is guessed",
    method,
    ({ runningToken }) => ({ attemptToken: runningToken.replace(/^[^.]+/, (secret) => "A".repeat(secret.length)) }),
    "failed_precondition",
    "STALE_ATTEMPT",
  ),
]);

interface Paged {
  readonly method: string;
  readonly request: (world: World) => JsonObject;
}

const LISTS: readonly Paged[] = [
  { method: "DefinitionService/ListDefinitions", request: () => ({}) },
  { method: "DefinitionService/ListOccurrences", request: ({ idle }) => ({ definitionId: idle }) },
  { method: "InstanceService/ListInstances", request: () => ({}) },
  { method: "InstanceService/ListAttempts", request: ({ running }) => ({ instanceId: running }) },
  { method: "EventService/ListEvents", request: () => ({}) },
];

const WRONG_PAGES: readonly WrongInput[] = [
  ...LISTS.flatMap(({ method, request }) => [
    invalid("a page of 501", method, (world) => ({ ...request(world), pageSize: 501 }), "pageSize"),
    invalid("a page of -1", method, (world) => ({ ...request(world), pageSize: -1 }), "pageSize"),
    ...["garbage", "W10", "e30", "\u{1f4a9}"].map((pageToken) =>
      refused(
        `the page token ${pageToken}`,
        method,
        (world) => ({ ...request(world), pageToken }),
        "invalid_argument",
        "PAGE_TOKEN_MISMATCH",
      ),
    ),
  ]),
  ...LISTS.slice(1).map(({ method, request }) =>
    refused(
      "a page token of another method",
      method,
      (world) => ({ ...request(world), pageToken: world.pageToken }),
      "invalid_argument",
      "PAGE_TOKEN_MISMATCH",
    ),
  ),
  refused(
    "a page token of other filters",
    "DefinitionService/ListDefinitions",
    ({ pageToken }) => ({ userId: "u1", pageToken }),
    "invalid_argument",
    "PAGE_TOKEN_MISMATCH",
  ),
  invalid("a page of 501 matches", "DefinitionService/SearchDefinitions", { query: "x", pageSize: 501 }, "pageSize"),
  invalid("nothing to search for", "DefinitionService/SearchDefinitions", {}, "query"),
  invalid(
    "1001 due times",
    "DefinitionService/PreviewSchedule",
    { schedule: { every: { interval: "60s" } }, count: 1001 },
    "count",
  ),
];

const WRONG_EVENTS: readonly WrongInput[] = [
  ...["garbage", "AAAA", "AYABAQEBAQ"].map((resumeToken) =>
    refused(
      `the resume token ${resumeToken}`,
      "EventService/ListEvents",
      { resumeToken },
      "invalid_argument",
      "RESUME_TOKEN_INVALID",
    ),
  ),
  ...["", "belfry..created", "belfry.events.>.created", "belfry.events.inst*"].map((subject) =>
    invalid(`the subject "${subject}"`, "EventService/ListEvents", { subjects: [subject] }, "subjects[0]"),
  ),
];

const WRONG_POLLS: readonly WrongInput[] = [
  invalid("neither queue nor worker", "WorkerService/PollInstance", {}, "queue", "workerId"),
  invalid("a negative wait", "WorkerService/PollInstance", { queue: "q", workerId: "w", wait: "-1s" }, "wait"),
  invalid(
    "a wait of more than five minutes",
    "WorkerService/PollInstance",
    { queue: "q", workerId: "w", wait: "301s" },
    "wait",
  ),
  invalid(
    "more than all done",
    "WorkerService/HeartbeatInstance",
    ({ runningToken }) => ({ attemptToken: runningToken, progress: { percent: 101 } }),
    "progress.percent",
  ),
  invalid(
    "progress that is no number",
    "WorkerService/HeartbeatInstance",
    ({ runningToken }) => ({ attemptToken: runningToken, progress: { percent: "NaN" } }),
    "progress.percent",
  ),
  invalid(
    "a negative delay",
    "WorkerService/FailInstance",
    ({ runningToken }) => ({ attemptToken: runningToken, retryDelay: "-1s" }),
    "retryDelay",
  ),
];

export const WRONG_TOKENS_AND_IDS: readonly WrongInput[] = [
  ...UNKNOWN,
  ...WRONG_ATTEMPTS,
  ...WRONG_PAGES,
  ...WRONG_EVENTS,
  ...WRONG_POLLS,
];
