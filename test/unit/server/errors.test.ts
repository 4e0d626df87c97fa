import { describe, expect, it } from "vitest";
import { BelfryError, invalid, REASON_CODES, type ErrorReason, type StatusCode } from "../../../src/domain/error.ts";
import { ErrorReason as ProtoReason } from "../../../src/gen/belfry/v1/error_reason_pb.ts";
import { DefinitionService } from "../../../src/gen/belfry/v1/definition_service_pb.ts";
import { StoreUnavailable } from "../../../src/ports/store/journal.ts";
import { anApiInProcess, refusalOf } from "../../support/api-in-process.ts";

function refused(thrown: unknown) {
  const api = anApiInProcess({ definitions: { trigger: () => Promise.reject(thrown) } });
  return { api, refusal: refusalOf(api.client(DefinitionService).triggerDefinition({ definitionId: "d" })) };
}

/** As Connect writes the codes of gRPC. */
const CODES: Record<StatusCode, string> = {
  INVALID_ARGUMENT: "InvalidArgument",
  NOT_FOUND: "NotFound",
  ALREADY_EXISTS: "AlreadyExists",
  FAILED_PRECONDITION: "FailedPrecondition",
  ABORTED: "Aborted",
  OUT_OF_RANGE: "OutOfRange",
  RESOURCE_EXHAUSTED: "ResourceExhausted",
  UNAVAILABLE: "Unavailable",
  DEADLINE_EXCEEDED: "DeadlineExceeded",
  INTERNAL: "Internal",
};

describe("every reason", () => {
  it.each(Object.entries(REASON_CODES) as [ErrorReason, StatusCode][])(
    "%s travels with code %s, its message and its metadata",
    async (reason, code) => {
      const { refusal } = refused(new BelfryError(reason, "Do this next.", { metadata: { a: "b" } }));
      expect(await refusal).toMatchObject({
        code: CODES[code],
        reason,
        message: "Do this next.",
        metadata: { a: "b" },
      });
    },
  );

  it("of the schema is one of the domain, and the other way round", () => {
    const ofSchema = Object.keys(ProtoReason).filter((name) => name !== "UNSPECIFIED");
    expect(Object.keys(REASON_CODES).toSorted()).toEqual(ofSchema.toSorted());
  });
});

describe("an error", () => {
  it("says when to try again", async () => {
    expect(await refused(new BelfryError("BUSY", "Full.", { retryAfterMs: 1234.2 })).refusal).toMatchObject({
      retryDelayMs: 1235,
    });
  });

  it("is cut so that it fits into the trailers of any client", async () => {
    const many = Array.from({ length: 1000 }, (_, index) => ({
      field: `items[${index}].x`,
      description: "y".repeat(1000),
    }));
    const refusal = await refused(invalid(...many)).refusal;
    expect(refusal.fields.length).toBeGreaterThan(5);
    expect(refusal.fields.length).toBeLessThan(20);
    expect(Buffer.byteLength(refusal.message)).toBeLessThanOrEqual(800);
    const wide = await refused(new BelfryError("BUSY", "界".repeat(1000))).refusal;
    expect(wide.message).toMatch(/^界{100,}…$/);
  });

  it("of a store that is away is UNAVAILABLE, to be tried again", async () => {
    const { refusal, api } = refused(new StoreUnavailable("connect ECONNREFUSED 10.0.0.7"));
    expect(await refusal).toMatchObject({ code: "Unavailable", reason: "STORE_UNAVAILABLE", retryDelayMs: 1000 });
    expect((await refusal).message).not.toContain("10.0.0.7");
    expect(api.log.lines).toMatchObject([{ level: "warn" }]);
  });

  it.each([new Error("secret"), new TypeError("secret"), "secret", undefined, { secret: 1 }])(
    "that nobody expected is INTERNAL, with an incident for the log and without a word of its own (%s)",
    async (thrown) => {
      const { refusal, api } = refused(thrown);
      const { code, reason, message, metadata } = await refusal;
      expect({ code, reason }).toEqual({ code: "Internal", reason: "INTERNAL" });
      expect(message).not.toContain("secret");
      expect(api.log.lines).toMatchObject([
        {
          level: "error",
          fields: {
            incident: metadata["incident"],
            where: "belfry.v1.DefinitionService/TriggerDefinition",
            error: thrown,
          },
        },
      ]);
    },
  );
});
