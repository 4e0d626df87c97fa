import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import { FailInstanceRequestSchema } from "../../gen/belfry/v1/worker_service_pb.ts";
import type { FailInstanceRequest } from "../../gen/belfry/v1/worker_service_pb.ts";
import { codeName } from "../belfry-error.ts";
import type { AttemptAborted } from "./attempt-aborted.ts";

/** Throw it from a handler when another attempt may help, to choose the code and the delay. */
export class RetryableError extends Error {
  override readonly name = "RetryableError";
  readonly code: string;
  /** Try again after this, in milliseconds, instead of what the retry policy says. */
  readonly retryDelayMs: number | undefined;

  /** @param options `code` for programs, default `RETRYABLE`; `cause` as for any error. */
  constructor(
    message: string,
    options: ErrorOptions & { readonly code?: string; readonly retryDelayMs?: number } = {},
  ) {
    super(message, options);
    this.code = options.code ?? "RETRYABLE";
    this.retryDelayMs = options.retryDelayMs;
  }
}

/** Throw it from a handler when no other attempt will help: the instance fails, whatever retries are left. */
export class NonRetryableError extends Error {
  override readonly name = "NonRetryableError";
  readonly code: string;

  /** @param options `code` for programs, default `NON_RETRYABLE`; `cause` as for any error. */
  constructor(message: string, options: ErrorOptions & { readonly code?: string } = {}) {
    super(message, options);
    this.code = options.code ?? "NON_RETRYABLE";
  }
}

/** A report carries so much of an error at most; whoever needs more has the worker's log. */
const MAX_CODE_LENGTH = 128;
const MAX_MESSAGE_LENGTH = 4_096;
const MAX_TRACEBACK_LENGTH = 16_384;

/**
 * What to report for an attempt whose handler threw. A stale attempt has no report.
 *
 * - CANCELLED and not retryable when it was asked to cancel, whatever it threw;
 * - WORKER_STOPPED, to be tried again at once, when it was broken off by the worker's end;
 * - else the error's own `code`, or its `name`. Without a word from the error the retry policy decides.
 */
export function failureOf(token: string, error: unknown, abortion: AttemptAborted | undefined): FailInstanceRequest {
  const { code, message, traceback } = errorWords(error);
  if (abortion?.kind === "CANCELLED")
    return failure(token, { code: "CANCELLED", message, traceback, retryable: false });
  if (abortion?.kind === "STOPPING") {
    return failure(token, { code: "WORKER_STOPPED", message, traceback, retryable: true, retryDelayMs: 0 });
  }
  if (error instanceof NonRetryableError) return failure(token, { code, message, traceback, retryable: false });
  if (error instanceof RetryableError) {
    return failure(token, { code, message, traceback, retryable: true, retryDelayMs: error.retryDelayMs });
  }
  return failure(token, { code, message, traceback });
}

export function failure(
  token: string,
  what: {
    readonly code: string;
    readonly message: string;
    readonly traceback?: string;
    readonly retryable?: boolean;
    readonly retryDelayMs?: number | undefined;
  },
): FailInstanceRequest {
  return create(FailInstanceRequestSchema, {
    attemptToken: token,
    error: {
      code: what.code.slice(0, MAX_CODE_LENGTH),
      message: what.message.slice(0, MAX_MESSAGE_LENGTH),
      traceback: (what.traceback ?? "").slice(0, MAX_TRACEBACK_LENGTH),
    },
    retryable: what.retryable,
    retryDelay: what.retryDelayMs === undefined ? undefined : durationFromMs(Math.round(what.retryDelayMs)),
  });
}

/** An error as a report has it, before anything is cut. */
export function errorWords(error: unknown): {
  readonly code: string;
  readonly message: string;
  readonly traceback: string;
} {
  if (!(error instanceof Error)) return { code: "UNKNOWN", message: String(error), traceback: "" };
  return { code: codeOf(error), message: error.message, traceback: tracebackOf(error) };
}

function codeOf(error: Error): string {
  if (error instanceof ConnectError) return codeName(error.code);
  const code: unknown = Reflect.get(error, "code");
  return typeof code === "string" || typeof code === "number" ? String(code) : error.name;
}

/** The stacks of the error and of what caused it. */
function tracebackOf(error: Error): string {
  const stacks: string[] = [];
  const seen = new Set<unknown>();
  for (let at: unknown = error; at instanceof Error && !seen.has(at); at = at.cause) {
    seen.add(at);
    stacks.push(at.stack ?? String(at));
  }
  return stacks.join("\nCaused by: ");
}
