/** What goes with an error: `google.rpc.ErrorInfo`, and `BadRequest` or `RetryInfo` where they say more. */
import { create, type DescMessage, type Message } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import type { BelfryError, StatusCode } from "../../domain/error.ts";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { StatusSchema, type Status } from "../../gen/google/rpc/status_pb.ts";
import { toDuration } from "../mapping/time.ts";

export const ERROR_DOMAIN = "belfry";

/** Details travel in HTTP trailers, for which some clients have no more than 8 KiB. */
const MAX_VIOLATIONS = 20;
const MAX_TEXT = 200;
const MAX_MESSAGE = 1000;

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
  return clipped(error.message, MAX_MESSAGE);
}

export function errorDetails(error: BelfryError): ErrorDetail[] {
  const metadata = Object.fromEntries(
    Object.entries(error.metadata).map(([key, value]) => [key, clipped(value, MAX_TEXT)]),
  );
  const details: ErrorDetail[] = [
    { desc: ErrorInfoSchema, value: create(ErrorInfoSchema, { domain: ERROR_DOMAIN, reason: error.reason, metadata }) },
  ];
  if (error.violations.length > 0) {
    const fieldViolations = error.violations.slice(0, MAX_VIOLATIONS).map(({ field, description }) => ({
      field: clipped(field, MAX_TEXT),
      description: clipped(description, MAX_TEXT),
    }));
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

function clipped(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).toWellFormed()}…`;
}
