/**
 * What is kept of a delivery: for the person who debugs it, and as the result of the instance. Both are masked, and bounded whatever the receiver
 * answers.
 *
 * - X1 What is shown of a body is masked before it is cut. Where only a part of it is looked at, or the receiver sent only a part, what may be the
 *   beginning of a secret at the end of that part is masked too: so no part of a secret is left at a cut.
 * - X2 The parts of an exchange have bounds whose sum is below 16 KiB of JSON.
 */
import type { Json, JsonObject } from "../../domain/json.ts";
import type { Exchange, ExchangeResponse } from "../../domain/webhook/exchange.ts";
import type { Masking } from "../../domain/webhook/masking.ts";
import type { WebhookReply, WebhookRequest } from "../../ports/webhook-client.ts";
import { storableText, unstorable } from "../executors/storable.ts";
import { cutText, jsonSize, type Cut } from "./bounded-text.ts";

const BODY = { bytes: 4096, jsonBytes: 4800 };
const URL_BYTES = { bytes: 2048, jsonBytes: 2048 };
const MESSAGE = { bytes: 1024, jsonBytes: 1024 };
/** Of all headers of a request or a response, as JSON. */
const HEADERS_JSON_BYTES = 2048;
const HEADER_VALUE = { bytes: 512, jsonBytes: 512 };
/** In UTF-16 units. A longer body is not read as JSON: so much of its beginning is masked as text. */
const LONGEST_READ = 16 * 1024;
const STRETCH = 8 * 1024;

/** @param masking of all that was secret of what was sent. */
export function exchangeOf(request: WebhookRequest, reply: WebhookReply, masking: Masking): Exchange {
  const body = shownBody(request.body, false, masking);
  return {
    request: {
      method: request.method ?? "POST",
      url: shown(masking.text(request.url), URL_BYTES).text,
      headers: shownHeaders(request.headers, masking),
      body: body.text,
      bodyBytes: Buffer.byteLength(request.body),
      isCut: body.isCut,
    },
    response: reply.kind === "answered" ? responseOf(reply, masking) : null,
    error:
      reply.kind === "failed"
        ? { cause: reply.cause, message: shown(masking.text(reply.message), MESSAGE).text }
        : null,
    durationMs: reply.durationMs,
  };
}

type Answered = Extract<WebhookReply, { kind: "answered" }>;

function responseOf(reply: Answered, masking: Masking): ExchangeResponse {
  const body = shownBody(reply.body, reply.isCut, masking);
  return {
    status: reply.status,
    headers: shownHeaders(reply.headers, masking),
    body: body.text,
    isCut: body.isCut,
  };
}

/**
 * The result of an instance that was delivered, `{httpStatus, response}`: the response as it is when it is a JSON object or list of at most 4 KiB, else
 * the first 4 KiB of its text; left out when it is empty.
 */
export function resultOf(reply: Answered, masking: Masking): JsonObject {
  const said = reply.isCut || Buffer.byteLength(reply.body) > BODY.bytes ? null : structureOf(reply.body);
  const structure = said === null ? null : masking.json(said);
  if (structure !== null && unstorable({ structure }) === null) {
    return { httpStatus: reply.status, response: structure };
  }
  const { text } = shownBody(reply.body, reply.isCut, masking);
  return { httpStatus: reply.status, ...(text === "" ? {} : { response: text }) };
}

/** X1. @param isPart whether there was more of the body than this. */
function shownBody(body: string, isPart: boolean, masking: Masking): Cut {
  const structure = isPart || body.length > LONGEST_READ ? null : structureOf(body);
  if (structure !== null) return shown(JSON.stringify(masking.json(structure)), BODY);
  if (!isPart && body.length <= STRETCH) return shown(masking.text(body), BODY);
  return { text: shown(masking.beginning(body.slice(0, STRETCH)), BODY).text, isCut: true };
}

function shownHeaders(headers: Readonly<Record<string, string>>, masking: Masking): Record<string, string> {
  const kept: [string, string][] = [];
  let left = HEADERS_JSON_BYTES - MORE_BYTES;
  // Whoever looks for one need not know how it was written.
  const all = Object.entries(masking.headers(headers)).map(([name, value]) => [name.toLowerCase(), value] as const);
  for (const [name, value] of all) {
    const bounded = shown(value, HEADER_VALUE);
    const entry: [string, string] = [shown(name, HEADER_VALUE).text, bounded.isCut ? `${bounded.text}…` : bounded.text];
    left -= jsonSize(entry[0]) + jsonSize(entry[1]) + JSON_OF_ENTRY;
    if (left < 0) {
      kept.push(["…", `${all.length - kept.length} more`]);
      break;
    }
    kept.push(entry);
  }
  // Not by assignment: a name `__proto__` must stay a mere name.
  return Object.fromEntries(kept);
}

/** Four quotes, a colon and a comma. */
const JSON_OF_ENTRY = 6;
/** For the entry that says how many were left out. */
const MORE_BYTES = 40;

function shown(text: string, bounds: { readonly bytes: number; readonly jsonBytes: number }): Cut {
  return cutText(storableText(text, text.length), bounds);
}

/** A JSON object or list; null when the text is anything else. */
function structureOf(text: string): Json | null {
  if (!/^\s*[[{]/u.test(text)) return null;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}
