import type { Violation } from "./violation.ts";

/** Status codes of the contract, by their gRPC names. */
export type StatusCode =
  | "INVALID_ARGUMENT"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "FAILED_PRECONDITION"
  | "ABORTED"
  | "OUT_OF_RANGE"
  | "RESOURCE_EXHAUSTED"
  | "UNAVAILABLE"
  | "DEADLINE_EXCEEDED"
  | "INTERNAL";

/** The reasons of `belfry.v1.ErrorReason`, without their prefix, and the code each goes with. */
export const REASON_CODES = {
  INVALID_FIELD: "INVALID_ARGUMENT",
  DEFINITION_NOT_FOUND: "NOT_FOUND",
  INSTANCE_NOT_FOUND: "NOT_FOUND",
  STATE_FORBIDS: "FAILED_PRECONDITION",
  ETAG_MISMATCH: "ABORTED",
  ID_TAKEN: "ALREADY_EXISTS",
  REQUEST_ID_REUSED: "ALREADY_EXISTS",
  STALE_ATTEMPT: "FAILED_PRECONDITION",
  OVERLAP: "FAILED_PRECONDITION",
  UNIQUE_KEY_TAKEN: "ALREADY_EXISTS",
  BUSY: "RESOURCE_EXHAUSTED",
  PAYLOAD_TOO_LARGE: "RESOURCE_EXHAUSTED",
  PAGE_TOKEN_MISMATCH: "INVALID_ARGUMENT",
  RESUME_TOKEN_INVALID: "INVALID_ARGUMENT",
  RESUME_TOKEN_EXPIRED: "OUT_OF_RANGE",
  SHARD_UNAVAILABLE: "UNAVAILABLE",
  STORE_UNAVAILABLE: "UNAVAILABLE",
  DRAINING: "UNAVAILABLE",
  OUTCOME_UNKNOWN: "UNAVAILABLE",
  NODE_NOT_FOUND: "NOT_FOUND",
  DISPATCH_NOT_FOUND: "NOT_FOUND",
  DESTINATION_NOT_FOUND: "NOT_FOUND",
  BREAKER_OPEN: "UNAVAILABLE",
  DESTINATION_DISABLED: "FAILED_PRECONDITION",
  SECRET_KEY_MISSING: "FAILED_PRECONDITION",
  SECRET_UNREADABLE: "INTERNAL",
  PLATFORM_NOT_FOUND: "NOT_FOUND",
  TRIGGER_NOT_FOUND: "NOT_FOUND",
  SESSION_NOT_FOUND: "NOT_FOUND",
  WORK_ITEM_NOT_FOUND: "NOT_FOUND",
  PUSH_NOT_FOUND: "NOT_FOUND",
  BATCH_NOT_FOUND: "NOT_FOUND",
  BATCH_RUNNING: "ALREADY_EXISTS",
  SYSTEM_RESOURCE: "FAILED_PRECONDITION",
  LOCK_HELD: "ALREADY_EXISTS",
  LOCK_LOST: "FAILED_PRECONDITION",
  LOCK_NOT_FOUND: "NOT_FOUND",
  EXECUTION_NOT_FOUND: "NOT_FOUND",
  RESULT_BACKEND_MISSING: "FAILED_PRECONDITION",
  RESULT_BACKEND_UNAVAILABLE: "UNAVAILABLE",
  RESULT_UNREADABLE: "FAILED_PRECONDITION",
  INTERNAL: "INTERNAL",
  DEADLINE: "DEADLINE_EXCEEDED",
} as const satisfies Record<string, StatusCode>;

export type ErrorReason = keyof typeof REASON_CODES;

export interface BelfryErrorDetails {
  /** For programs: what the caller needs to act on it. Never a secret. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Fields that break a rule (INVALID_FIELD). */
  readonly violations?: readonly Violation[];
  /** When to try again (BUSY, UNAVAILABLE), in milliseconds. */
  readonly retryAfterMs?: number;
  /** Never leaves the process. */
  readonly cause?: unknown;
}

/** The one error that callers see. Its message tells a person what to do next. */
export class BelfryError extends Error {
  override readonly name = "BelfryError";
  readonly reason: ErrorReason;
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly Violation[];
  readonly retryAfterMs: number | undefined;

  constructor(reason: ErrorReason, message: string, details: BelfryErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.reason = reason;
    this.metadata = details.metadata ?? {};
    this.violations = details.violations ?? [];
    this.retryAfterMs = details.retryAfterMs;
  }

  get code(): StatusCode {
    return REASON_CODES[this.reason];
  }
}

/** INVALID_ARGUMENT that names the fields. */
export function invalid(...violations: readonly Violation[]): BelfryError {
  const text = violations.map((violation) => `${violation.field}: ${violation.description}`).join("; ");
  return new BelfryError("INVALID_FIELD", text, { violations });
}
