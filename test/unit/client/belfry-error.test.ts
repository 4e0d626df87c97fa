import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { belfryErrorOf, codeName } from "../../../src/client/belfry-error.ts";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../../../src/gen/google/rpc/error_details_pb.ts";

test("everything a refusal says is read from its details", () => {
  const error = new ConnectError("mend the interval", Code.InvalidArgument, undefined, [
    {
      desc: ErrorInfoSchema,
      value: create(ErrorInfoSchema, { domain: "belfry", reason: "INVALID_FIELD", metadata: { a: "b" } }),
    },
    {
      desc: BadRequestSchema,
      value: create(BadRequestSchema, { fieldViolations: [{ field: "schedule.every", description: "too short" }] }),
    },
    { desc: RetryInfoSchema, value: create(RetryInfoSchema, { retryDelay: { seconds: 2n, nanos: 500_000_000 } }) },
  ]);
  expect(belfryErrorOf(error)).toEqual({
    code: "INVALID_ARGUMENT",
    message: "mend the interval",
    reason: "INVALID_FIELD",
    metadata: { a: "b" },
    violations: [{ field: "schedule.every", description: "too short" }],
    retryAfterMs: 2_500,
  });
});

test("a reason of somebody in between is not taken for Belfry's", () => {
  const error = new ConnectError("no", Code.Unavailable, undefined, [
    { desc: ErrorInfoSchema, value: create(ErrorInfoSchema, { domain: "proxy.example", reason: "BUSY" }) },
  ]);
  expect(belfryErrorOf(error)).toMatchObject({
    code: "UNAVAILABLE",
    reason: "",
    metadata: {},
    retryAfterMs: undefined,
  });
});

test("what is no error of a call reads as an unknown one", () => {
  expect(belfryErrorOf(new TypeError("oops"))).toMatchObject({ code: "UNKNOWN", message: "oops", reason: "" });
  expect(belfryErrorOf("oops")).toMatchObject({ code: "UNKNOWN", message: "oops" });
});

test("codes have the names of the gRPC documents", () => {
  const codes = Object.values(Code).filter((code) => typeof code === "number");
  expect(codes.map((code) => codeName(code))).toEqual([
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
  ]);
});
