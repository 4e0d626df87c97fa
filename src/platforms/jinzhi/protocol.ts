/** How 金智 is spoken to: requests, tokens, and what its errcodes mean (domain 3.2). */
import type { JsonObject } from "../../domain/json.ts";
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
import type { OperationKind } from "./plan.ts";

const MAX_MESSAGE = 500;

const PATH_SETTINGS: Readonly<Record<OperationKind, string>> = {
  insert: "taskPath",
  update: "taskPath",
  delete_todo: "deleteTaskPath",
  delete_instance: "deleteInstancePath",
  start_and_end: "startAndEndPath",
};

/** each call carries appId and accessToken. */
export function requestOf({ kind, body }: Operation, { settings, token }: RequestContext): PlatformRequest {
  const path = textOf(settings, PATH_SETTINGS[kind as OperationKind]);
  const credentials = {
    [textOf(settings, "appIdName")]: textOf(settings, "appId"),
    [textOf(settings, "tokenName")]: token,
  };
  const isInQuery = textOf(settings, "credentialsIn") === "query";
  return {
    method: "POST",
    url: addressOf(settings, [path], isInQuery ? credentials : {}),
    headers: { "Content-Type": "application/json", ...(isInQuery ? {} : credentials) },
    body: JSON.stringify(body),
  };
}

/** */
export function verdictOf(operation: Operation, answer: PlatformAnswer, settings: Settings): PlatformVerdict {
  const outcome = outcomeOf(answer, settings);
  if (outcome.class === "ok") {
    return { class: "ok" };
  }
  const { code } = outcome;
  if (listOf(settings, "authCodes").includes(code)) {
    return { ...outcome, class: "auth" };
  }
  if (listOf(settings, "notFoundCodes").includes(code)) {
    return isDeletion(operation) ? { class: "ok" } : { ...outcome, class: "not_found" };
  }
  // What is there already is repaired like what is not there: by an operation before the same one again (`repairOf`).
  const isDuplicate = makes(operation) && listOf(settings, "duplicateCodes").includes(code);
  return isDuplicate ? { ...outcome, class: "not_found" } : outcome;
}

function isDeletion({ kind }: Operation): boolean {
  return kind === "delete_todo" || kind === "delete_instance";
}

function makes({ kind }: Operation): boolean {
  return kind === "insert" || kind === "start_and_end";
}

/** */
export const token: TokenProtocol = {
  requestOf(settings) {
    const credentials = { appId: textOf(settings, "appId"), appSecret: textOf(settings, "appSecret") };
    return {
      method: "GET",
      url: addressOf(settings, [textOf(settings, "tokenPath")], credentials),
      headers: {},
      body: "",
    };
  },

  tokenOf(answer, settings) {
    const outcome = outcomeOf(answer, settings);
    if (outcome.class !== "ok") {
      const { code, message } = outcome;
      // Credentials that are not taken are not taken later either.
      return { class: outcome.class === "transient" ? "transient" : "permanent", code, message };
    }
    const { accessToken, expiresIn } = outcome.body;
    if (typeof accessToken !== "string" || accessToken === "") {
      return { class: "transient", code: "BAD_ANSWER", message: "The platform's answer holds no accessToken." };
    }
    const seconds = Number(expiresIn ?? 0);
    return {
      class: "ok",
      token: accessToken,
      expiresInMs: (seconds > 0 ? seconds : numberOf(settings, "tokenSeconds")) * 1000,
    };
  },
};

type Failure = Exclude<PlatformVerdict, { readonly class: "ok" }>;

/** Success is HTTP 200 with errcode 0, nothing else. */
function outcomeOf(
  answer: PlatformAnswer,
  settings: Settings,
): { readonly class: "ok"; readonly body: JsonObject } | Failure {
  const read = readAnswer(answer);
  if (read.kind === "failure") {
    return read.verdict;
  }
  if (answer.kind === "answered" && answer.status !== 200) {
    const { status } = answer;
    return { class: "permanent", code: `HTTP_${status}`, message: `The platform answered ${status} instead of 200.` };
  }
  const { errcode, errmsg } = read.body;
  if (typeof errcode !== "number" && typeof errcode !== "string") {
    return { class: "transient", code: "BAD_ANSWER", message: "The platform's answer holds no errcode." };
  }
  const code = String(errcode);
  return code === "0"
    ? { class: "ok", body: read.body }
    : { class: "permanent", code, message: messageOf(typeof errmsg === "string" ? errmsg : "", code, settings) };
}

/** The platform may repeat in its message what it was sent. */
function messageOf(errmsg: string, code: string, settings: Settings): string {
  const shown = errmsg.replaceAll(textOf(settings, "appSecret"), "***").slice(0, MAX_MESSAGE);
  return shown === "" ? `The platform refused with errcode ${code}.` : shown;
}
