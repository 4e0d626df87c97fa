/**
 * What an answer means: `{code, message, data: {errorIds: [{code, taskId, message}]}}`.
 *
 * `code` 0 with error ids is a failure of some: only those of our own todo count. Another `code` is a failure of the whole, of which the platform says to
 * try again.
 */
import { isJsonObject } from "../../domain/json.ts";
import type { Json, JsonObject } from "../../domain/json.ts";
import { readAnswer } from "../answer.ts";
import type { Operation, PlatformAnswer, PlatformVerdict } from "../../ports/platform/connector.ts";
import { listOf, textOf } from "../read-settings.ts";
import type { Settings } from "../../ports/platform/setting.ts";

const MAX_MESSAGE = 500;

interface Fault {
  readonly code: string;
  readonly message: string;
}

export function verdictOf(operation: Operation, answer: PlatformAnswer, settings: Settings): PlatformVerdict {
  const read = readAnswer(answer);
  if (read.kind === "failure") {
    return read.verdict;
  }
  const { body } = read;
  const code = codeOf(body["code"]);
  if (code === "") {
    return { class: "transient", code: "BAD_ANSWER", message: "The platform answered without a code." };
  }
  if (code !== "0") {
    return ofWhole(operation, { code, message: messageOf(body) }, settings);
  }
  const fault = faultsOf(operation.thirdId, body).find((each) => !isNoFault(operation, each, settings));
  return fault === undefined ? { class: "ok" } : ofTodo(operation, fault, settings);
}

/** Urging is not a batch: it names what it does not know in the message only. */
function ofWhole(operation: Operation, fault: Fault, settings: Settings): PlatformVerdict {
  if (isNoFault(operation, fault, settings)) {
    return { class: "ok" };
  }
  if (listOf(settings, "authCodes").includes(fault.code)) {
    return failure("auth", fault);
  }
  return failure(isNotFound(operation, fault, settings) ? "not_found" : "transient", fault);
}

function ofTodo(operation: Operation, fault: Fault, settings: Settings): PlatformVerdict {
  if (isNotFound(operation, fault, settings)) {
    return failure("not_found", fault);
  }
  return failure(listOf(settings, "transientCodes").includes(fault.code) ? "transient" : "permanent", fault);
}

function isNotFound({ kind }: Operation, { code, message }: Fault, settings: Settings): boolean {
  const text = textOf(settings, "urgeNotFoundText");
  return listOf(settings, "notFoundCodes").includes(code) || (kind === "urge" && text !== "" && message.includes(text));
}

/** The platform has it already, or has it no more: that is what was asked for. */
function isNoFault(operation: Operation, fault: Fault, settings: Settings): boolean {
  return (
    (operation.kind === "add" && listOf(settings, "duplicateCodes").includes(fault.code)) ||
    (operation.kind === "delete" && isNotFound(operation, fault, settings))
  );
}

function failure(kind: "auth" | "transient" | "not_found" | "permanent", { code, message }: Fault): PlatformVerdict {
  return { class: kind, code, message: message === "" ? `The platform answered with the code ${code}.` : message };
}

/** Of one request with one todo; an entry that names none is about it. */
function faultsOf(thirdId: string, body: JsonObject): readonly Fault[] {
  const data = objectOf(body["data"]);
  const entries = data?.["errorIds"];
  return (Array.isArray(entries) ? entries : []).flatMap((entry: Json) => {
    const fault = objectOf(entry) ?? { taskId: entry };
    const about = codeOf(fault["taskId"]) || codeOf(fault["transactionId"]);
    return about === "" || about === thirdId ? [{ code: codeOf(fault["code"]), message: messageOf(fault) }] : [];
  });
}

/** Codes and ids come as numbers and as texts. */
function codeOf(value: Json | undefined): string {
  return typeof value === "number" || typeof value === "string" ? String(value) : "";
}

function messageOf({ message }: JsonObject): string {
  return typeof message === "string" ? message.slice(0, MAX_MESSAGE) : "";
}

function objectOf(value: Json | undefined): JsonObject | null {
  return isJsonObject(value) ? value : null;
}
