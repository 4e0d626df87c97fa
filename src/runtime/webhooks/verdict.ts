/**
 * Whether a delivery succeeded, and if not, what follows.
 *
 * | what happened                        | code                | cause         | tried again                       |
 * | ------------------------------------ | ------------------- | ------------- | --------------------------------- |
 * | 2xx                                  | success, or below   |               |                                   |
 * | 2xx whose body breaks a rule         | `BODY_RULE`         | BAD_RESPONSE  | yes                               |
 * | 3xx (not followed)                   | `HTTP_<status>`     | BAD_RESPONSE  | yes                               |
 * | 401, 403, 407                        | `HTTP_<status>`     | AUTH          | yes                               |
 * | 408                                  | `HTTP_408`          | TIMEOUT       | yes                               |
 * | 410                                  | `HTTP_410`          | REFUSED       | no: the destination is gone       |
 * | 429                                  | `HTTP_429`          | RATE_LIMITED  | yes, not before Retry-After       |
 * | other 4xx                            | `HTTP_<status>`     | REFUSED       | yes (R-114)                       |
 * | 503                                  | `HTTP_503`          | SERVER_ERROR  | yes, not before Retry-After       |
 * | other 5xx                            | `HTTP_<status>`     | SERVER_ERROR  | yes                               |
 * | any other status                     | `HTTP_<status>`     | BAD_RESPONSE  | yes                               |
 * | no connection, or it broke           | `CONNECTION_FAILED` | CONNECTION    | yes                               |
 * | no TLS, or a certificate not trusted | `TLS_FAILED`        | TLS           | yes                               |
 * | no answer in time                    | `TIMEOUT`           | TIMEOUT       | yes                               |
 * | an answer that is no HTTP            | `BAD_RESPONSE`      | BAD_RESPONSE  | yes                               |
 * | an address that may not be called    | `TARGET_FORBIDDEN`  | the client's  | no                                |
 *
 * Receivers that say in the body what failed say so of outages too, and redirects are mostly of a whole server (a login page, a move): both count for
 * the breaker as BAD_RESPONSE, other than a 4xx, which speaks of one request.
 *
 * A retry policy may name any of these codes as not to be retried. Retry-After counts for seconds and dates, up to an hour.
 */
import { STATUS_CODES } from "node:http";
import type { FailureCause } from "../../domain/breaker.ts";
import type { ExecutionError } from "../../domain/instance/instance.ts";
import type { Masking } from "../../domain/webhook/masking.ts";
import { brokenRule, type BrokenRule, type SuccessRule } from "../../domain/webhook/success-rule.ts";
import type { WebhookReply } from "../../ports/webhook-client.ts";
import { storableText } from "../executors/storable.ts";
import { retryAfterMs } from "./retry-after.ts";

export type Verdict =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly error: ExecutionError;
      /** For the breaker. */
      readonly cause: FailureCause;
      readonly retryable: boolean;
      /** The receiver asked not to be called before so long. */
      readonly retryAfterMs?: number;
      /** The receiver said that there is nothing any more, and never will be. */
      readonly isGone: boolean;
    };

type Answered = Extract<WebhookReply, { kind: "answered" }>;
type Failed = Extract<WebhookReply, { kind: "failed" }>;

export interface VerdictContext {
  readonly rules: readonly SuccessRule[];
  /** Now: dates in Retry-After count from it. */
  readonly at: number;
  /** Of all that was secret of what was sent. */
  readonly masking: Masking;
}

const MAX_MESSAGE = 1024;
const MAX_FOUND = 100;

export function verdictOf(reply: WebhookReply, context: VerdictContext): Verdict {
  if (reply.kind === "failed") return failedVerdict(reply, context);
  const { status, body } = reply;
  if (status < 200 || status > 299) return refusedVerdict(reply, context.at);
  const broken = brokenRule(context.rules, body);
  if (broken === null) return { ok: true };
  const message = `The receiver answered ${status}, but ${sayingOf(broken, context.masking)}.`;
  return { ok: false, error: errorOf("BODY_RULE", message), cause: "BAD_RESPONSE", retryable: true, isGone: false };
}

function refusedVerdict(reply: Answered, at: number): Verdict {
  const { status, headers } = reply;
  const asked = status === 429 || status === 503 ? retryAfterMs(headers["retry-after"], at) : undefined;
  const isGone = status === 410;
  return {
    ok: false,
    error: errorOf(`HTTP_${status}`, messageOf(status)),
    cause: causeOf(status),
    retryable: !isGone,
    ...(asked === undefined ? {} : { retryAfterMs: asked }),
    isGone,
  };
}

function causeOf(status: number): FailureCause {
  switch (status) {
    case 401:
    case 403:
    case 407:
      return "AUTH";
    case 408:
      return "TIMEOUT";
    case 429:
      return "RATE_LIMITED";
    default:
      if (status >= 400 && status <= 499) return "REFUSED";
      return status >= 500 && status <= 599 ? "SERVER_ERROR" : "BAD_RESPONSE";
  }
}

function messageOf(status: number): string {
  const name = STATUS_CODES[status];
  const answered = `The receiver answered ${status}${name === undefined ? "" : ` (${name})`}`;
  if (status >= 300 && status <= 399) return `${answered}; redirects are not followed: call the new address itself.`;
  return status === 410 ? `${answered}: nothing more is to be sent there.` : `${answered}.`;
}

const CODE_OF = {
  CONNECTION: "CONNECTION_FAILED",
  TLS: "TLS_FAILED",
  TIMEOUT: "TIMEOUT",
  BAD_RESPONSE: "BAD_RESPONSE",
  // These have a status, and so an answer.
  SERVER_ERROR: "BAD_RESPONSE",
  RATE_LIMITED: "BAD_RESPONSE",
  AUTH: "BAD_RESPONSE",
  REFUSED: "BAD_RESPONSE",
} as const satisfies Record<FailureCause, string>;

function failedVerdict(reply: Failed, { masking }: VerdictContext): Verdict {
  const { cause, isForbidden = false } = reply;
  const message = masking.text(reply.message);
  return {
    ok: false,
    error: errorOf(isForbidden ? "TARGET_FORBIDDEN" : CODE_OF[cause], message),
    cause,
    retryable: !isForbidden,
    isGone: false,
  };
}

function sayingOf({ rule, found }: BrokenRule, masking: Masking): string {
  const wanted = JSON.stringify(rule.equals);
  if (found === undefined) return `its body has no ${rule.path} that is ${wanted}`;
  const shown = JSON.stringify(masking.json({ [rule.path]: found })).slice(0, MAX_FOUND);
  return `its body says ${shown}, where ${rule.path} must be ${wanted}`;
}

function errorOf(code: string, message: string): ExecutionError {
  return { code, message: storableText(message, MAX_MESSAGE), traceback: "" };
}
