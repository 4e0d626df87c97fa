/** What goes with an error: `google.rpc.ErrorInfo`, and `BadRequest` or `RetryInfo` where they say more. */
import { create, type DescMessage, type Message } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import type { BelfryError, StatusCode } from "../../domain/error.ts";
import type { Violation } from "../../domain/violation.ts";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { StatusSchema, type Status } from "../../gen/google/rpc/status_pb.ts";
import { toDuration } from "../mapping/time.ts";

const ERROR_DOMAIN = "belfry";

/**
 * Message and details travel in HTTP trailers, for which some clients have no more than 8 KiB: the message with up to three characters a byte,
 * the details in base64. So these are bytes.
 */
const MAX_VIOLATIONS_BYTES = 2400;
const MAX_TEXT_BYTES = 300;
const MAX_MESSAGE_BYTES = 800;

/** Connect's codes are those of gRPC, and have the same numbers. */
export const CODES: Readonly<Record<StatusCode, Code>> = {
  INVALID_ARGUMENT: Code.InvalidArgument,
  DEADLINE_EXCEEDED: Code.DeadlineExceeded,
  NOT_FOUND: Code.NotFound,
  ALREADY_EXISTS: Code.AlreadyExists,
  RESOURCE_EXHAUSTED: Code.ResourceExhausted,
  FAILED_PRECONDITION: Code.FailedPrecondition,
  ABORTED: Code.Aborted,
  OUT_OF_RANGE: Code.OutOfRange,
  INTERNAL: Code.Internal,
  UNAVAILABLE: Code.Unavailable,
};

export interface ErrorDetail {
  readonly desc: DescMessage;
  readonly value: Message;
}

export function errorMessage(error: BelfryError): string {
  return clipped(error.message, MAX_MESSAGE_BYTES);
}

export function errorDetails(error: BelfryError): ErrorDetail[] {
  const metadata = Object.fromEntries(
    Object.entries(error.metadata).map(([key, value]) => [key, clipped(value, MAX_TEXT_BYTES)]),
  );
  const details: ErrorDetail[] = [
    { desc: ErrorInfoSchema, value: create(ErrorInfoSchema, { domain: ERROR_DOMAIN, reason: error.reason, metadata }) },
  ];
  if (error.violations.length > 0) {
    const fieldViolations = fitting(error.violations);
    details.push({ desc: BadRequestSchema, value: create(BadRequestSchema, { fieldViolations }) });
  }
  if (error.retryAfterMs !== undefined) {
    const retryDelay = toDuration(Math.ceil(error.retryAfterMs));
    details.push({ desc: RetryInfoSchema, value: create(RetryInfoSchema, { retryDelay }) });
  }
  return details;
}

/** The error as a message, where it stands in for one of many results. */
export function errorStatus(error: BelfryError): Status {
  return create(StatusSchema, {
    code: CODES[error.code],
    message: errorMessage(error),
    details: errorDetails(error).map(({ desc, value }) => anyPack(desc, value)),
  });
}

/** As many violations as there is room for, at least one. */
function fitting(violations: readonly Violation[]): Violation[] {
  let room = MAX_VIOLATIONS_BYTES;
  return violations
    .map(({ field, description }) => ({
      field: clipped(field, MAX_TEXT_BYTES),
      description: clipped(description, MAX_TEXT_BYTES),
    }))
    .filter(({ field, description }, index) => {
      room -= Buffer.byteLength(field) + Buffer.byteLength(description);
      return room >= 0 || index === 0;
    });
}

function clipped(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  // A character that was cut in two comes back as a replacement character.
  return `${bytes
    .subarray(0, maxBytes - 3)
    .toString()
    .replace(/\uFFFD$/, "")}…`;
}
