import type { DescMethod } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { isRepeatable, withRequestIds } from "../../../src/client/repeatable.ts";
import {
  BatchTriggerDefinitionRequestSchema,
  DefinitionService,
  GetDefinitionRequestSchema,
} from "../../../src/gen/belfry/v1/definition_service_pb.ts";
import { EventService } from "../../../src/gen/belfry/v1/event_service_pb.ts";
import { InstanceService } from "../../../src/gen/belfry/v1/instance_service_pb.ts";
import { WorkerService } from "../../../src/gen/belfry/v1/worker_service_pb.ts";

test("every unary call may be repeated, except the one that hands something out", () => {
  const methods: DescMethod[] = [DefinitionService, InstanceService, WorkerService, EventService].flatMap(
    (service) => service.methods,
  );
  const once = methods.filter((method) => method.methodKind === "unary" && !isRepeatable(method));
  expect(once.map((method) => method.name)).toEqual(["PollInstance"]);
});

test("request ids are filled in where they are missing, in a copy", () => {
  let ids = 0;
  const newId = (): string => `id${(ids += 1)}`;
  const request = { definitionId: "d", items: [{}, { requestId: "mine" }, { requestId: "" }] };
  expect(withRequestIds(BatchTriggerDefinitionRequestSchema, request, newId)).toEqual({
    definitionId: "d",
    items: [{ requestId: "id1" }, { requestId: "mine" }, { requestId: "id2" }],
  });
  expect(request.items[0]).toEqual({});
});

test("a request without a place for an id stays what it is", () => {
  const request = { definitionId: "d" };
  expect(withRequestIds(GetDefinitionRequestSchema, request, () => "id")).toBe(request);
});
