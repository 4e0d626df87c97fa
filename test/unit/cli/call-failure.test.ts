import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { callFailure } from "../../../src/cli/api/call-failure.ts";
import { Failure } from "../../../src/cli/failure.ts";
import { BadRequestSchema, ErrorInfoSchema } from "../../../src/gen/google/rpc/error_details_pb.ts";

const URL = "http://tower:1";

function told(error: unknown): Failure {
  const failure = callFailure(error, URL);
  if (failure instanceof Failure) return failure;
  throw new Error("not told to people");
}

const belfryError = (reason: string, message: string) =>
  new ConnectError(message, Code.NotFound, undefined, [{ desc: ErrorInfoSchema, value: { domain: "belfry", reason } }]);

describe("a call that fails", () => {
  it("is told by its reason, the server's words and what to do", () => {
    expect(told(belfryError("DEFINITION_NOT_FOUND", 'There is no definition "x".')).message).toBe(
      'DEFINITION_NOT_FOUND: There is no definition "x". "belfry definitions list" shows which there are.',
    );
  });

  it("lists each field that breaks a rule", () => {
    const error = new ConnectError("a: b; c: d", Code.InvalidArgument, undefined, [
      { desc: ErrorInfoSchema, value: { domain: "belfry", reason: "INVALID_FIELD" } },
      {
        desc: BadRequestSchema,
        value: {
          fieldViolations: [
            { field: "a", description: "b" },
            { field: "c", description: "d" },
          ],
        },
      },
    ]);
    expect(told(error)).toMatchObject({
      message: "INVALID_FIELD: the request breaks rules:",
      details: ["  a: b", "  c: d"],
    });
  });

  it("names the server when nobody answers there", () => {
    expect(told(new ConnectError("connect ECONNREFUSED", Code.Unavailable)).message).toBe(
      'no Belfry answers at http://tower:1 (connect ECONNREFUSED). Start one with "belfry serve", or name another with --server or BELFRY_SERVER.',
    );
  });

  it("cannot steer the terminal by its words", () => {
    expect(told(belfryError("INTERNAL", "a\u001B[2Jb\nc")).message).toBe("INTERNAL: a\uFFFD[2Jb c");
  });

  it("is not mixed up with a defect of ours", () => {
    const defect = new TypeError("undefined is not a function");
    expect(callFailure(defect, URL)).toBe(defect);
  });
});
