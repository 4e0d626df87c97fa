/** Texts that no store can hold, and messages that are too large or no messages at all. */
import { invalid, refused, type WrongInput } from "./wrong-input.ts";
import { aDefinition, type World } from "./world.ts";

const CREATE = "DefinitionService/CreateDefinition";
const TRIGGER = "DefinitionService/TriggerDefinition";
const MIB = 1024 * 1024;

/** `text` as JSON writes it, so that the file says it in plain characters. */
const created = (field: string, text: string): string =>
  JSON.stringify({ definition: aDefinition({ [field]: "@" }) }).replace('"@"', `"${text}"`);

/** A request whose name has a byte that UTF-8 never has. */
function brokenUtf8(): Uint8Array<ArrayBuffer> {
  const text = JSON.stringify({ definition: aDefinition({ name: "@" }) });
  const bytes = Uint8Array.from(Buffer.from(text));
  bytes[text.indexOf("@")] = 0xff;
  return bytes;
}

const tooLarge = (wrong: string, method: string, request: WrongInput["request"], field: string): WrongInput => ({
  ...refused(wrong, method, request, "resource_exhausted", "PAYLOAD_TOO_LARGE"),
  metadata: () => ({ field, limit_bytes: "262144" }),
});

export const WRONG_TEXTS: readonly WrongInput[] = [
  invalid("a NUL in a name", CREATE, () => created("name", "a\\u0000b"), "definition.name"),
  refused("half of a surrogate pair in content", CREATE, () => created("content", "a\\ud83d"), "invalid_argument", ""),
  refused("the other half", CREATE, () => created("content", "\\ude00b"), "invalid_argument", ""),
  invalid(
    "a NUL in the payload",
    CREATE,
    { definition: aDefinition({ payload: { deep: [{ down: "a\0" }] } }) },
    "definition.payload.deep[0].down",
  ),
  invalid(
    "a NUL in a name of the payload",
    CREATE,
    { definition: aDefinition({ payload: { "a\0b": 1 } }) },
    'definition.payload["a\\u0000b"]',
  ),
  invalid(
    "a NUL in a label",
    CREATE,
    { definition: aDefinition({ labels: { team: "a\0" } }) },
    'definition.labels["team"]',
  ),
  invalid("a NUL in an id", "DefinitionService/GetDefinition", { definitionId: "a\0b" }, "definitionId"),
  invalid(
    "a NUL in a request_id",
    TRIGGER,
    ({ idle }: World) => ({ definitionId: idle, requestId: "\0" }),
    "requestId",
  ),
  invalid(
    "a NUL in a reason",
    "DefinitionService/PauseDefinition",
    ({ idle }: World) => ({ definitionId: idle, reason: "\0" }),
    "reason",
  ),
  invalid(
    "a NUL in a result",
    "WorkerService/CompleteInstance",
    ({ runningToken }: World) => ({ attemptToken: runningToken, result: { a: "\0" } }),
    "result.a",
  ),
  invalid("a NUL in a filter", "InstanceService/ListInstances", { userId: "\0" }, "userId"),
  invalid("a NUL in a search", "DefinitionService/SearchDefinitions", { query: "\0" }, "query"),
  refused("bytes that are no UTF-8", CREATE, brokenUtf8, "invalid_argument", ""),
  refused("no JSON", CREATE, () => "{", "invalid_argument", ""),
  refused("JSON that is no object", CREATE, () => "[]", "invalid_argument", ""),
  refused("a number for a text", CREATE, () => '{"definition":{"name":7}}', "invalid_argument", ""),
  tooLarge(
    "a payload of 1 MiB",
    CREATE,
    () => ({ definition: aDefinition({ payload: { text: "x".repeat(MIB) } }) }),
    "definition.payload",
  ),
  tooLarge(
    "a payload just past 256 KiB",
    TRIGGER,
    ({ idle }) => ({ definitionId: idle, payload: { a: "x".repeat(MIB / 4 - 7) } }),
    "payload",
  ),
  tooLarge(
    "a result of 1 MiB",
    "WorkerService/CompleteInstance",
    ({ runningToken }) => ({ attemptToken: runningToken, result: { text: "x".repeat(MIB) } }),
    "result",
  ),
  tooLarge(
    "metadata of 1 MiB",
    "WorkerService/HeartbeatInstance",
    ({ runningToken }) => ({ attemptToken: runningToken, metadata: { text: "x".repeat(MIB) } }),
    "metadata",
  ),
  tooLarge(
    "an update to a payload of 1 MiB",
    "DefinitionService/UpdateDefinition",
    ({ idle }) => ({ definition: { id: idle, payload: { text: "x".repeat(MIB) } } }),
    "definition.payload",
  ),
  refused(
    "a message of more than 4 MiB",
    CREATE,
    () => ({ definition: aDefinition({ payload: { text: "x".repeat(4 * MIB) } }) }),
    "resource_exhausted",
    "",
  ),
  refused(
    "a message of 16 MiB",
    CREATE,
    () => ({ definition: aDefinition({ payload: { text: "x".repeat(16 * MIB) } }) }),
    "resource_exhausted",
    "",
  ),
];
