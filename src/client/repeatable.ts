import type { DescMessage, DescMethod, MessageInitShape } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";

/**
 * Which calls may be made twice without doing something twice:
 *
 * - reads;
 * - commands that carry a `request_id`: the server answers the second with the answer to the first;
 * - reports of an attempt: its token is good for one result.
 *
 * Everything else (PollInstance hands out an instance) is made once.
 */
export function isRepeatable(method: DescMethod): boolean {
  return (
    method.idempotency !== MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN ||
    /^(Get|List|Search|Preview|Explain|Resolve)[A-Z]/.test(method.name) ||
    "attemptToken" in method.input.field ||
    carriesRequestId(method.input) ||
    itemFields(method.input).length > 0
  );
}

/**
 * The same request with a request id wherever it can carry one and has none, for the command or for each of its items. What
 * was passed in stays as it is: sent a second time by its owner it is a second command.
 */
export function withRequestIds<I extends DescMessage>(
  input: I,
  request: MessageInitShape<I>,
  newId: () => string,
): MessageInitShape<I> {
  const filled = carriesRequestId(input) ? identified(request, newId) : request;
  const lists = itemFields(input)
    .map((field): [string, unknown] => [field, Reflect.get(request, field)])
    .filter((entry): entry is [string, object[]] => Array.isArray(entry[1]))
    .map(([field, list]) => [field, list.map((item) => identified(item, newId))]);
  return lists.length === 0 ? filled : { ...filled, ...Object.fromEntries(lists) };
}

function identified<T extends object>(request: T, newId: () => string): T {
  return Reflect.get(request, "requestId") ? request : { ...request, requestId: newId() };
}

function carriesRequestId(message: DescMessage): boolean {
  return "requestId" in message.field;
}

/** Lists of the message whose elements carry request ids of their own. */
function itemFields(message: DescMessage): string[] {
  return message.fields
    .filter((field) => field.fieldKind === "list" && field.listKind === "message" && carriesRequestId(field.message))
    .map((field) => field.localName);
}
