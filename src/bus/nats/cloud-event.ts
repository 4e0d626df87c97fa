import { createHash } from "node:crypto";
import { headers, type MsgHdrs } from "@nats-io/transport-node";
import { eventChannel, eventId, type StatusEvent } from "../../domain/event/status-event.ts";
import type { Question } from "./replies.ts";

const SOURCE = "/belfry";
const JSON_TYPE = "application/json";
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const NO_TRACE = "0".repeat(32);
const SAMPLED = "01";

const SHARD_HEADER = "ce-shard";
const SEQUENCE_HEADER = "ce-sequence";

export interface CloudEventOptions {
  /** What JetStream tells duplicates by. Clusters that share a stream number their events alike, so it may hold more than the event's own id. */
  readonly messageId: string;
  /** Leaves the data out and says so (`ce-dataomitted: true`): they are too large for this NATS. */
  readonly withoutData?: boolean;
}

/**
 * A status event as a CloudEvent 1.0 in binary mode: attributes are headers, the payload is the data as JSON. Beside the attributes of the
 * specification: `ce-shard` and `ce-sequence` (the event's place in the log) and `ce-traceparent` (W3C).
 */
export function cloudEvent(event: StatusEvent, { messageId, withoutData = false }: CloudEventOptions): Question {
  const id = eventId(event);
  const message = headers();
  message.set("Nats-Msg-Id", messageId);
  // The type of the data stands twice: the binding reads ce-datacontenttype, older readers content-type.
  message.set("content-type", JSON_TYPE);
  const attributes: readonly (readonly [string, string])[] = [
    ["ce-specversion", "1.0"],
    ["ce-id", id],
    ["ce-source", SOURCE],
    ["ce-type", `belfry.${event.resource}.${event.name}`],
    ["ce-subject", event.resourceId],
    ["ce-time", new Date(event.at).toISOString()],
    ["ce-datacontenttype", JSON_TYPE],
    ["ce-traceparent", traceparent(event.resourceId, id)],
    [SHARD_HEADER, String(event.shard)],
    [SEQUENCE_HEADER, String(event.sequence)],
  ];
  for (const [name, value] of attributes) message.set(name, headerValue(value));
  if (withoutData) message.set("ce-dataomitted", "true");
  return {
    subject: eventChannel(event),
    payload: JSON.stringify(withoutData ? {} : event.data),
    headers: message,
  };
}

/** One trace a resource, one span an event, the same wherever and whenever they are made: a reader can join what belongs together. */
function traceparent(resourceId: string, id: string): string {
  const ownTrace = UUID.test(resourceId) ? resourceId.replaceAll("-", "").toLowerCase() : NO_TRACE;
  const trace = ownTrace === NO_TRACE ? hashed(resourceId, 32) : ownTrace;
  return `00-${trace}-${hashed(id, 16)}-${SAMPLED}`;
}

function hashed(text: string, digits: number): string {
  return createHash("sha256").update(text).digest("hex").slice(0, digits);
}

/** As CloudEvents has it for headers: all but printable ASCII, and of that `"` and `%`, percent-encoded. */
function headerValue(text: string): string {
  return text.replaceAll(/[^\u0021-\u007e]|["%]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
}

/** The place in its shard's log of an event that was published before. */
export function placeOf(message: Pick<MsgHdrs, "get">): { readonly shard: number; readonly sequence: number } {
  return { shard: Number(message.get(SHARD_HEADER) || NaN), sequence: Number(message.get(SEQUENCE_HEADER) || NaN) };
}
