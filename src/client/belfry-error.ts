import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type { ErrorReason } from "../gen/belfry/v1/error_reason_pb.ts";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../gen/google/rpc/error_details_pb.ts";

/** A reason from `ErrorReason`, e.g. `STALE_ATTEMPT`. A newer server may have more of them. */
export type BelfryErrorReason = keyof typeof ErrorReason | (string & {});

/** A field of a request that breaks a rule. */
export interface FieldViolation {
  /** Path of the field, e.g. `definition.schedule.every.interval`. */
  readonly field: string;
  /** The rule, in words. */
  readonly description: string;
}

/** What a failed call says, taken from its status and details. */
export interface BelfryErrorInfo {
  /** The gRPC code by its name, e.g. `NOT_FOUND`. */
  readonly code: string;
  /** What to do next, in words. */
  readonly message: string;
  /** Why, for programs. Empty when the failure did not come from Belfry: nobody answered, or somebody in between did. */
  readonly reason: BelfryErrorReason;
  /** What belongs to the reason, e.g. `instance_id`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The fields that break a rule, when the reason is INVALID_FIELD. */
  readonly violations: readonly FieldViolation[];
  /** After how many milliseconds the server would like to be asked again. */
  readonly retryAfterMs: number | undefined;
}

/** Reads whatever a call threw. What is no error of a call comes back with code UNKNOWN. */
export function belfryErrorOf(error: unknown): BelfryErrorInfo {
  const failure = ConnectError.from(error);
  const info = failure.findDetails(ErrorInfoSchema).find((detail) => detail.domain === "belfry");
  const delay = failure.findDetails(RetryInfoSchema)[0]?.retryDelay;
  return {
    code: codeName(failure.code),
    message: failure.rawMessage,
    reason: info?.reason ?? "",
    metadata: info?.metadata ?? {},
    violations: failure
      .findDetails(BadRequestSchema)
      .flatMap((detail) => detail.fieldViolations.map(({ field, description }) => ({ field, description }))),
    retryAfterMs: delay && durationMs(delay),
  };
}

/** `NotFound` as the gRPC documents write it: `NOT_FOUND`. */
export function codeName(code: Code): string {
  // Connect follows the American spelling, gRPC the British.
  if (code === Code.Canceled) return "CANCELLED";
  return Code[code].replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
}
