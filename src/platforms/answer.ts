/** What an answer means before its body is looked at: the same for all platforms (domain 3.0). */
import { isJsonObject } from "../domain/json.ts";
import type { JsonObject, Json } from "../domain/json.ts";
import type { PlatformAnswer, PlatformVerdict } from "../ports/platform/connector.ts";

type Failure = Exclude<PlatformVerdict, { readonly class: "ok" }>;

export type ReadAnswer =
  | { readonly kind: "json"; readonly body: JsonObject }
  | { readonly kind: "failure"; readonly verdict: Failure };

/** The JSON object of a 2xx; anything else is a failure that needs no look at the body. */
export function readAnswer(answer: PlatformAnswer): ReadAnswer {
  if (answer.kind === "failed") {
    return failure("transient", "NO_ANSWER", answer.message);
  }
  const { status } = answer;
  if (status < 200 || status > 299) {
    return failure(classOf(status), `HTTP_${status}`, `The platform answered ${status}.`);
  }
  const body = objectOf(answer.body);
  return body === null
    ? failure("transient", "BAD_ANSWER", "The platform answered with something that is no JSON object.")
    : { kind: "json", body };
}

function classOf(status: number): Failure["class"] {
  if (status === 401) {
    return "auth";
  }
  return status === 408 || status === 429 || status >= 500 ? "transient" : "permanent";
}

function failure(kind: Failure["class"], code: string, message: string): ReadAnswer {
  return { kind: "failure", verdict: { class: kind, code, message } };
}

function objectOf(text: string): JsonObject | null {
  try {
    const value = JSON.parse(text) as Json;
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}
