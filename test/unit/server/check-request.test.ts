import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { BelfryError } from "../../../src/domain/error.ts";
import {
  CreateDefinitionRequestSchema,
  TriggerDefinitionRequestSchema,
} from "../../../src/gen/belfry/v1/definition_service_pb.ts";
import { WorkRequestSchema } from "../../../src/gen/belfry/v1/worker_service_pb.ts";
import { checkRequest } from "../../../src/server/call/check-request.ts";

function violations(check: () => void): Record<string, string> {
  try {
    check();
  } catch (error) {
    if (error instanceof BelfryError)
      return Object.fromEntries(error.violations.map(({ field, description }) => [field, description]));
    throw error;
  }
  return {};
}

describe("checkRequest", () => {
  it("lets a sound request pass", () => {
    const request = create(TriggerDefinitionRequestSchema, {
      definitionId: "d",
      payload: { case: "a", value: "b", list: [1, null, true] },
    });
    expect(violations(() => checkRequest(TriggerDefinitionRequestSchema, request))).toEqual({});
  });

  it("finds halves of surrogate pairs in texts, keys and data, whatever decoder let them through", () => {
    const request = create(TriggerDefinitionRequestSchema, {
      definitionId: "\ud800",
      payload: { "\udc00": 1, case: "\ud83d", value: "x" },
      overrides: { labels: { case: "\ud800", value: "b" } },
    });
    expect(Object.keys(violations(() => checkRequest(TriggerDefinitionRequestSchema, request)))).toEqual([
      "definitionId",
      'payload["\\udc00"]',
      "payload.case",
      'overrides.labels["case"]',
    ]);
  });

  it("finds numbers that JSON cannot write", () => {
    const request = create(TriggerDefinitionRequestSchema, {
      definitionId: "d",
      payload: { a: [Number.NaN], b: Number.POSITIVE_INFINITY },
    });
    expect(Object.keys(violations(() => checkRequest(TriggerDefinitionRequestSchema, request)))).toEqual([
      "payload.a[0]",
      "payload.b",
    ]);
  });

  it("looks into the chosen member of a oneof, and names it as JSON does", () => {
    const request = create(CreateDefinitionRequestSchema, {
      definition: {
        schedule: { timing: { case: "rrule", value: { rule: "A\0" } } },
        action: { kind: { case: "worker", value: { queue: "q" } } },
      },
    });
    expect(violations(() => checkRequest(CreateDefinitionRequestSchema, request))).toEqual({
      "definition.schedule.rrule.rule": "must not contain NUL characters",
    });
  });

  it("says which members a oneof that needs one has", () => {
    const request = create(CreateDefinitionRequestSchema, {
      definition: { schedule: {}, action: { kind: { case: "external", value: {} } } },
    });
    expect(violations(() => checkRequest(CreateDefinitionRequestSchema, request))).toEqual({
      "definition.schedule": "needs exactly one of immediate, at, every, cron, rrule",
    });
  });

  it("names fields of messages in lists, from where the message stands", () => {
    const request = create(WorkRequestSchema, {
      failures: [{ attemptToken: "a" }, { attemptToken: "", error: { code: "\0" } }],
    });
    expect(Object.keys(violations(() => checkRequest(WorkRequestSchema, request, "work")))).toEqual([
      "work.failures[1].error.code",
      "work.failures[1].attemptToken",
    ]);
  });
});
