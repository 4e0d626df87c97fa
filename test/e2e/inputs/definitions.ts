/** Definitions and changes of definitions that are refused. */
import type { JsonObject } from "./api.ts";
import { invalid, refused, type WrongInput } from "./wrong-input.ts";
import { aDefinition, type World } from "./world.ts";

const CREATE = "DefinitionService/CreateDefinition";
const UPDATE = "DefinitionService/UpdateDefinition";

const wrongDefinition = (wrong: string, given: JsonObject, ...fields: string[]): WrongInput =>
  invalid(wrong, CREATE, { definition: aDefinition(given) }, ...fields.map((field) => `definition.${field}`));

const update = (
  wrong: string,
  definition: JsonObject,
  updateMask: string | undefined,
  ...fields: string[]
): WrongInput =>
  invalid(wrong, UPDATE, ({ idle }) => ({ definition: { id: idle, ...definition }, updateMask }), ...fields);

export const WRONG_DEFINITIONS: readonly WrongInput[] = [
  invalid("no definition", CREATE, {}, "definition"),
  wrongDefinition("no schedule", { schedule: undefined }, "schedule"),
  wrongDefinition("no action", { action: undefined }, "action"),
  wrongDefinition("an action of no kind", { action: {} }, "action"),
  wrongDefinition("an empty queue", { action: { worker: {} } }, "action.worker.queue"),
  wrongDefinition(
    "a queue with a blank in its name",
    { action: { worker: { queue: "two words" } } },
    "action.worker.queue",
  ),
  wrongDefinition(
    "a queue of 256 characters",
    { action: { worker: { queue: "q".repeat(256) } } },
    "action.worker.queue",
  ),
  wrongDefinition("a name of 256 characters", { name: "n".repeat(256) }, "name"),
  wrongDefinition("content of more than 64 KiB", { content: "容".repeat(22_000) }, "content"),
  wrongDefinition("a negative limit of instances", { maxConcurrent: -1 }, "maxConcurrent"),
  wrongDefinition("a buffer of zero", { bufferLimit: 0 }, "bufferLimit"),
  wrongDefinition("a label without a name", { labels: { "": "x" } }, 'labels[""]'),
  wrongDefinition("a label of 256 characters", { labels: { team: "x".repeat(256) } }, 'labels["team"]'),
  wrongDefinition(
    "65 labels",
    { labels: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`l${n}`, ""])) },
    "labels",
  ),
  wrongDefinition("a concurrency key without a key", { concurrencyKey: { limit: 2 } }, "concurrencyKey.key"),
  wrongDefinition("a concurrency limit of zero", { concurrencyKey: { key: "k", limit: 0 } }, "concurrencyKey.limit"),
  wrongDefinition("a negative catch-up window", { catchUp: { window: "-1s" } }, "catchUp.window"),
  wrongDefinition("a catch-up rate of zero", { catchUp: { maxRate: 0 } }, "catchUp.maxRate"),
  wrongDefinition(
    "a negative delay before retries",
    { retryPolicy: { initialDelay: "-1s" } },
    "retryPolicy.initialDelay",
  ),
  wrongDefinition("a retry factor below one", { retryPolicy: { factor: 0.5 } }, "retryPolicy.factor"),
  wrongDefinition("a retry factor that is no number", { retryPolicy: { factor: "NaN" } }, "retryPolicy.factor"),
  wrongDefinition("1001 retries", { retryPolicy: { maxRetries: 1001 } }, "retryPolicy.maxRetries"),
  wrongDefinition("a timeout of zero", { timeouts: { startToClose: "0s" } }, "timeouts.startToClose"),
  wrongDefinition("a negative timeout", { timeouts: { heartbeat: "-1s" } }, "timeouts.heartbeat"),
  wrongDefinition("an unknown number of an enum", { priority: 99 }, "priority"),
  wrongDefinition("an unknown number of another enum", { overlapPolicy: 77 }, "overlapPolicy"),
  invalid(
    "a number in free data that is too large for one",
    CREATE,
    () => JSON.stringify({ definition: aDefinition({ payload: { a: "@" } }) }).replace('"@"', "1e400"),
    "definition.payload.a",
  ),
  wrongDefinition(
    "several wrong fields, all named",
    { name: "n".repeat(256), schedule: {}, timeouts: { heartbeat: "0s" } },
    "name",
    "schedule",
  ),
  refused(
    "two timings",
    CREATE,
    { definition: aDefinition({ schedule: { immediate: {}, every: { interval: "60s" } } }) },
    "invalid_argument",
    "",
  ),
  refused(
    "an unknown name of an enum",
    CREATE,
    { definition: aDefinition({ priority: "PRIORITY_EXTREME" }) },
    "invalid_argument",
    "",
  ),
  refused("a misspelt field", CREATE, { definition: aDefinition({ usreId: "u1" }) }, "invalid_argument", ""),
  refused(
    "a duration without a unit",
    CREATE,
    { definition: aDefinition({ schedule: { every: { interval: "1800" } } }) },
    "invalid_argument",
    "",
  ),
  refused(
    "an id that is taken",
    CREATE,
    ({ idle }: World) => ({ definition: aDefinition({ id: idle }) }),
    "already_exists",
    "ID_TAKEN",
  ),
  refused(
    "a request_id of another definition",
    CREATE,
    ({ used }: World) => ({ definition: aDefinition({ name: "another" }), requestId: used.create }),
    "already_exists",
    "REQUEST_ID_REUSED",
  ),
  invalid(
    "a request_id of 129 characters",
    CREATE,
    { definition: aDefinition(), requestId: "r".repeat(129) },
    "requestId",
  ),

  invalid("nothing to change", UPDATE, {}, "definition"),
  invalid("no id", UPDATE, { definition: { name: "x" } }, "definition.id"),
  update("a mask with a field that does not exist", { name: "x" }, "name,colour", "updateMask.paths[1]"),
  update("a mask with a nested field that does not exist", {}, "schedule.colour", "updateMask.paths[0]"),
  update("a mask with an output-only field", {}, "state", "updateMask.paths[0]"),
  update("a mask with the counters", {}, "counters.active", "updateMask.paths[0]"),
  update("a mask with the id", {}, "id", "updateMask.paths[0]"),
  update(
    "a mask with what has a meaning at creation only",
    { startPaused: true },
    "startPaused",
    "updateMask.paths[0]",
  ),
  update("a mask that takes the schedule away", {}, "schedule", "definition.schedule"),
  update("a mask that takes the action away", {}, "action", "definition.action"),
  update("a wrong value", { timeouts: { heartbeat: "0s" } }, undefined, "definition.timeouts.heartbeat"),
  refused(
    "an etag of an earlier state",
    UPDATE,
    ({ idle, oldEtag }: World) => ({ definition: { id: idle, etag: oldEtag, name: "x" } }),
    "aborted",
    "ETAG_MISMATCH",
  ),
  refused(
    "an etag from nowhere",
    UPDATE,
    ({ idle }: World) => ({ definition: { id: idle, etag: "?", name: "x" } }),
    "aborted",
    "ETAG_MISMATCH",
  ),
  refused(
    "a request_id of another change",
    UPDATE,
    ({ idle, used }: World) => ({ definition: { id: idle, name: "another" }, requestId: used.update }),
    "already_exists",
    "REQUEST_ID_REUSED",
  ),
  refused(
    "a change of one that has ended",
    UPDATE,
    ({ cancelled }: World) => ({ definition: { id: cancelled, name: "x" } }),
    "failed_precondition",
    "STATE_FORBIDS",
  ),
  refused(
    "an etag of an earlier state, for a deletion",
    "DefinitionService/DeleteDefinition",
    ({ idle, oldEtag }: World) => ({ definitionId: idle, etag: oldEtag }),
    "aborted",
    "ETAG_MISMATCH",
  ),
];
