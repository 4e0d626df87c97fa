import { Match, type Msg } from "@nats-io/transport-node";
import { isJsonObject } from "../../domain/json.ts";
import type { Json, JsonObject } from "../../domain/json.ts";
import type { ServiceReply } from "../../ports/requester.ts";

const MAX_REPLY_BYTES = 256 * 1024;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** What a service answered, by the conventions of NATS services. */
export function readServiceReply(message: Msg): ServiceReply {
  const code = header(message, "Nats-Service-Error-Code");
  const error = header(message, "Nats-Service-Error");
  if (code !== "" || error !== "") return { kind: "refused", code, message: error };
  if (message.data.length > MAX_REPLY_BYTES) {
    return {
      kind: "unreadable",
      message: `The reply has ${message.data.length} bytes, and ${MAX_REPLY_BYTES} are the most that can be kept`,
    };
  }
  if (message.data.length === 0) return { kind: "replied", payload: null };
  try {
    return { kind: "replied", payload: payloadOf(utf8.decode(message.data)) };
  } catch {
    return { kind: "unreadable", message: "The reply is neither JSON nor text in UTF-8" };
  }
}

function header(message: Msg, name: string): string {
  return message.headers?.get(name, Match.IgnoreCase) ?? "";
}

function payloadOf(text: string): JsonObject {
  let value: Json = text;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    // Plain text is an answer too.
  }
  return isJsonObject(value) ? value : { value };
}
