/** How 统一待办 is spoken to: one call for everything, tokens, and what its codes mean (domain 3.5). */
import { isJsonObject } from "../../domain/json.ts";
import type { Json, JsonObject } from "../../domain/json.ts";
import { addressOf } from "../address.ts";
import { readAnswer } from "../answer.ts";
import type {
  Operation,
  PlatformAnswer,
  PlatformRequest,
  PlatformVerdict,
  RequestContext,
  TokenProtocol,
} from "../../ports/platform/connector.ts";
import { listOf, numberOf, textOf } from "../read-settings.ts";
import type { Settings } from "../../ports/platform/setting.ts";
import { retriesOf } from "./retries.ts";

const MAX_MESSAGE = 500;

/** The requestId is the same for each attempt, so that the platform knows a repetition. */
export function requestOf(
  { body }: Operation,
  { settings, token: held, idempotencyKey }: RequestContext,
): PlatformRequest {
  return post(
    addressOf(settings, [textOf(settings, "createPath")]),
    { requestId: idempotencyKey, ...body },
    { [textOf(settings, "tokenHeader")]: `${textOf(settings, "tokenPrefix")} ${held}` },
  );
}

/** */
export function verdictOf(_operation: Operation, answer: PlatformAnswer, settings: Settings): PlatformVerdict {
  const outcome = outcomeOf(answer, settings);
  return outcome.class === "ok" ? { class: "ok" } : outcome;
}

export const token: TokenProtocol = {
  requestOf(settings) {
    const credentials = { app_key: textOf(settings, "appKey"), app_secret: textOf(settings, "appSecret") };
    return post(addressOf(settings, [textOf(settings, "tokenPath")]), credentials, {});
  },

  tokenOf(answer, settings) {
    const outcome = outcomeOf(answer, settings);
    if (outcome.class !== "ok") {
      const { code, message } = outcome;
      // Credentials that are not taken are not taken later either.
      return { class: outcome.class === "transient" ? "transient" : "permanent", code, message };
    }
    const { token: given, expires_in: expiresIn } = objectOf(outcome.body["data"]);
    if (typeof given !== "string" || given === "") {
      return { class: "transient", code: "BAD_ANSWER", message: "The platform's answer holds no data.token." };
    }
    const seconds = Number(expiresIn ?? 0);
    return {
      class: "ok",
      token: given,
      expiresInMs: (seconds > 0 ? seconds : numberOf(settings, "tokenSeconds")) * 1000,
    };
  },
};

type Failure = Exclude<PlatformVerdict, { readonly class: "ok" }>;

function outcomeOf(
  answer: PlatformAnswer,
  settings: Settings,
): { readonly class: "ok"; readonly body: JsonObject } | Failure {
  const read = readAnswer(answer);
  if (read.kind === "failure") {
    return classified(read.verdict, answer.kind === "answered" ? String(answer.status) : "", settings);
  }
  const { code: given, message, msg } = read.body;
  if (typeof given !== "number" && typeof given !== "string") {
    return { class: "transient", code: "BAD_ANSWER", message: "The platform's answer holds no code." };
  }
  const code = String(given);
  if (code === "0") {
    return { class: "ok", body: read.body };
  }
  const said = messageOf([message, msg], code, settings);
  return classified({ class: "permanent", code, message: said }, code, settings);
}

/** @param code as the lists of codes name it: the platform's own, or the status of HTTP. */
function classified(failure: Failure, code: string, settings: Settings): Failure {
  if (listOf(settings, "authCodes").includes(code)) {
    return { ...failure, class: "auth" };
  }
  return listOf(settings, "retryCodes").includes(code)
    ? { ...failure, class: "transient", retryAfterMs: retriesOf(settings).delayMs(0) }
    : failure;
}

/** The platform may repeat in its message what it was sent. */
function messageOf(said: readonly (Json | undefined)[], code: string, settings: Settings): string {
  const text = said.find((each) => typeof each === "string") ?? "";
  const shown = text.replaceAll(textOf(settings, "appSecret"), "***").slice(0, MAX_MESSAGE);
  return shown === "" ? `The platform refused with code ${code}.` : shown;
}

function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function post(url: string, body: JsonObject, headers: Readonly<Record<string, string>>): PlatformRequest {
  return {
    method: "POST",
    url,
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  };
}
