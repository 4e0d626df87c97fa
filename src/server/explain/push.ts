/**
 * What of a push failed, and what to try (R-069, R-087), in a sentence each. Pure. Words of the platforms' own world stand beside the English
 * ones, for those who know them by these.
 */
import { pushMetadataOf, pushStateOf, type PushResult } from "../../domain/approval/push-log.ts";
import type { InstanceRecord } from "../../domain/instance/instance.ts";
import type { StepExchange } from "../../runtime/index.ts";
import { because, counted, relativeInWords } from "./words.ts";

export interface PushExplanation {
  readonly summary: string;
  /** Empty: nothing is to be done. */
  readonly advice: string;
  /** The same push may succeed later, without anything being changed. */
  readonly retryable: boolean;
  /** Of the platform's answer; empty: there is none that failed. */
  readonly class: string;
  readonly code: string;
}

/** Why it failed, and what to try. */
interface Cause {
  readonly what: string;
  readonly advice: string;
  readonly retryable: boolean;
}

/** @param last the last request of the last attempt that ended; null: nothing was sent, or it is not kept. */
export function explainPush(push: InstanceRecord, last: StepExchange | null, now: number): PushExplanation {
  const { life } = push;
  const result = pushMetadataOf(life.metadata)?.result ?? null;
  switch (pushStateOf(push)) {
    case "SUCCEEDED":
      return fine("Nothing failed: the platform took it (成功).");
    case "SKIPPED":
      return fine(`Nothing failed: it was skipped (跳过)${because(result?.message ?? "")}.`);
    case "SUPERSEDED":
      return fine(
        "Nothing failed: a newer push of the same item took its place before it ran, and tells the same and more.",
      );
    case "RETRYING":
      return retrying(push, result, last, now);
    case "FAILED":
      return failed(push, result, last);
  }
}

function fine(summary: string): PushExplanation {
  return { summary, advice: "", retryable: false, class: "", code: "" };
}

function retrying(
  push: InstanceRecord,
  result: PushResult | null,
  last: StepExchange | null,
  now: number,
): PushExplanation {
  const { life, state } = push;
  const waits = waitingFor(push, now);
  if (life.error === null && !isFailure(result)) {
    return { ...fine(`Nothing failed so far: ${waits}.`), advice: adviceWhileWaiting(push) };
  }
  const { what, ...cause } = causeOf(push, result, last);
  const advice = state === "PENDING" ? adviceWhileWaiting(push) || cause.advice : cause.advice;
  return { ...failureOf(push, result), summary: `${what}. It is not given up (重试中): ${waits}.`, ...cause, advice };
}

function failed(push: InstanceRecord, result: PushResult | null, last: StepExchange | null): PushExplanation {
  const { life, state } = push;
  if (state === "CANCELLED") {
    return {
      ...failureOf(push, null),
      summary: `It was called off before the platform took it${because(life.stateReason)}.`,
      advice: "Push the item again (PushWorkItem) when it shall be told after all.",
      retryable: false,
    };
  }
  const { what, ...cause } = causeOf(push, result, last);
  const tries = counted(life.attemptCount, "attempt");
  return { ...failureOf(push, result), summary: `${what}; it failed (失败) after ${tries}.`, ...cause };
}

function failureOf({ life }: InstanceRecord, result: PushResult | null): Pick<PushExplanation, "class" | "code"> {
  return isFailure(result) && !isOfTime(life.error)
    ? { class: result.class, code: result.code }
    : { class: "", code: life.error?.code ?? "" };
}

function isFailure(result: PushResult | null): result is PushResult {
  return result !== null && result.class !== "ok" && result.class !== "skipped";
}

function waitingFor({ state, life }: InstanceRecord, now: number): string {
  switch (state) {
    case "RUNNING":
      return `attempt ${life.attemptCount} is under way`;
    case "BACKING_OFF":
      return life.nextAttemptAt === null
        ? "the next attempt waits for its time"
        : `the next attempt comes ${relativeInWords(life.nextAttemptAt, now)}`;
    case "PAUSED":
      return "it is paused until ResumeInstance";
    default:
      return waitingReason(life.waitingReason);
  }
}

function waitingReason(reason: InstanceRecord["life"]["waitingReason"]): string {
  switch (reason) {
    case "BREAKER_OPEN":
      return "it waits because nothing goes to the platform now (熔断), which costs it no attempt";
    case "RATE_LIMITED":
      return "it waits for the rate limit of the platform, or because the platform asked to be left alone";
    case "CONCURRENCY":
      return "it waits until earlier pushes of its session, or others to the platform, end";
    default:
      return "it waits to be sent";
  }
}

function adviceWhileWaiting({ life }: InstanceRecord): string {
  return life.waitingReason === "BREAKER_OPEN"
    ? "See with GetPlatformStatus why nothing goes there; when the cause is gone, ResetBreaker lets it go at once."
    : "";
}

function causeOf({ life }: InstanceRecord, result: PushResult | null, last: StepExchange | null): Cause {
  if (!isFailure(result) || isOfTime(life.error)) return withoutAnswer(life.error);
  if (last?.operation === "token" && last.class !== "ok") return noToken(result);
  switch (result.class) {
    case "auth":
      return {
        what: `The platform did not take our token (令牌)${said(result)}, nor one that was fetched anew`,
        advice:
          "Check host, app id and secret of the platform's settings, and that the platform lets this application in; TestPlatform fetches a token with them.",
        retryable: false,
      };
    case "not_found":
      return {
        what: `The platform does not know the item (任务不存在)${said(result)}, and making it first did not help`,
        advice:
          "See in ListExchanges under which id it was sent; PushWorkItem makes it anew as it stands now, with the items before it.",
        retryable: true,
      };
    case "permanent":
      return refused(result);
    default:
      return passing(result);
  }
}

/** token failures have causes of their own. */
function noToken(result: PushResult): Cause {
  const isPassing = result.class === "transient";
  return {
    what: `The platform gave us no token (令牌)${said(result)}`,
    advice: isPassing
      ? "Nothing is to be done unless it lasts: then check the platform's host and its path for tokens, and try with TestPlatform."
      : "Check host, app id (appId) and secret (appSecret) of the platform's settings, and try with TestPlatform.",
    retryable: isPassing,
  };
}

function passing(result: PushResult): Cause {
  const { code } = result;
  const cause = (what: string, advice: string): Cause => ({ what: `${what}${said(result)}`, advice, retryable: true });
  if (code === "NO_ANSWER") {
    return cause(
      "The platform did not answer (超时或连接失败)",
      "If it lasts, check the host setting and that this machine reaches it.",
    );
  }
  if (code === "HTTP_429") {
    return cause("The platform had too many requests (限流)", "If it lasts, set a lower rate for the platform.");
  }
  if (code === "BAD_ANSWER") {
    return cause(
      "The platform answered what cannot be read",
      "If it lasts, check host and path settings: something else may answer there. ListExchanges shows the answer.",
    );
  }
  if (/^HTTP_5\d\d$/u.test(code)) {
    return cause("The platform has trouble of its own", "If it lasts, tell those who run the platform.");
  }
  return cause(
    "The platform asked to try again",
    "If it lasts, look the code up in the platform's documents; ListExchanges shows the answer.",
  );
}

function refused(result: PushResult): Cause {
  const advice =
    result.code === "HTTP_404"
      ? "Check host and path settings of the platform: there is nothing under that address."
      : result.code === "HTTP_403"
        ? "Ask those who run the platform to let this application do it."
        : "See in ListExchanges which field it refused; correct the facts or the settings, then push the item again (PushWorkItem).";
  return { what: `The platform refused it for good (平台拒绝)${said(result)}`, advice, retryable: false };
}

/** Belfry's own word: no request says why. */
function withoutAnswer(error: InstanceRecord["life"]["error"]): Cause {
  const code = error?.code ?? "";
  if (isOfTime(error)) {
    return {
      what: `It was not done in time (超时)${because(error?.message ?? "")}`,
      advice: "If it lasts, see with GetPlatformStatus whether the platform is slow, or its breaker open.",
      retryable: true,
    };
  }
  return {
    what: `It could not be sent${because([code, error?.message ?? ""].filter((part) => part !== "").join(": "))}`,
    advice: "Check the platform's settings with TestPlatform, then push the item again (PushWorkItem).",
    retryable: false,
  };
}

/** Belfry ended it, or its attempt, whatever the platform said before. */
function isOfTime(error: InstanceRecord["life"]["error"]): boolean {
  return error !== null && (error.code.endsWith("_TIMEOUT") || error.code === "WORKER_LOST");
}

/** `(code 40001: no such app)` */
function said({ code, message }: PushResult): string {
  const words = message.replace(/\.$/u, "");
  if (code === "") return words === "" ? "" : ` (${words})`;
  return words === "" ? ` (code ${code})` : ` (code ${code}: ${words})`;
}
