/** Answers of the form `{"e":0,"m":"操作成功","d":{}}`: a code, which is 0 when all went well, and a message, which is the reason when not. */
import type { Json, JsonObject } from "../../domain/json.ts";
import { readAnswer } from "../answer.ts";
import type { PlatformAnswer, PlatformVerdict } from "../../ports/platform/connector.ts";
import { listOf } from "../read-settings.ts";
import type { Settings } from "../../ports/platform/setting.ts";

type Refusal = Exclude<PlatformVerdict, { readonly class: "ok" }>;

export type Envelope =
  | { readonly kind: "ok"; readonly body: JsonObject }
  /** The platform says no. */
  | { readonly kind: "refused"; readonly code: string; readonly message: string }
  /** It did not come so far as to say anything. */
  | { readonly kind: "failure"; readonly verdict: Refusal };

/** What is kept of a platform's message. */
const MAX_MESSAGE = 500;

/** @param codeField the name of the code: `e`, `code`. */
export function readEnvelope(answer: PlatformAnswer, codeField: string): Envelope {
  // success is HTTP 200 and nothing else, so that a gateway's 202 or 204 does not pass for it.
  if (answer.kind === "answered" && answer.status > 200 && answer.status < 300) {
    const message = `The platform answered ${answer.status}, and only 200 is success.`;
    return { kind: "failure", verdict: { class: "permanent", code: `HTTP_${answer.status}`, message } };
  }
  const read = readAnswer(answer);
  if (read.kind === "failure") {
    return read;
  }
  const code = read.body[codeField];
  if (typeof code !== "number" && typeof code !== "string") {
    const message = `The platform's answer has no "${codeField}" that says whether it succeeded.`;
    return { kind: "failure", verdict: { class: "transient", code: "BAD_ANSWER", message } };
  }
  return String(code) === "0"
    ? { kind: "ok", body: read.body }
    : { kind: "refused", code: String(code), message: reasonOf(read.body, codeField, String(code)) };
}

/** Whether the same request may succeed after a refusal. */
export function isTransient(code: string, settings: Settings): boolean {
  return listOf(settings, "transientCodes").includes(code);
}

/** Whether a refusal says that there is nothing to delete. */
export function saysUnknown(message: string, settings: Settings): boolean {
  return holdsOneOf(message, listOf(settings, "unknownMessages"));
}

export function holdsOneOf(message: string, parts: readonly string[]): boolean {
  const text = message.toLowerCase();
  return parts.some((part) => part !== "" && text.includes(part.toLowerCase()));
}

function reasonOf(body: JsonObject, codeField: string, code: string): string {
  const said = [body["m"], body["message"], body["msg"]].find(isSaid);
  return said === undefined ? `The platform gave no reason (${codeField}=${code}).` : said.slice(0, MAX_MESSAGE);
}

function isSaid(value: Json | undefined): value is string {
  return typeof value === "string" && value !== "";
}
