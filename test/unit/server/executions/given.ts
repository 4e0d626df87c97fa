/** ExecutionService over a node of its own, spoken to in JSON. */
import { fromJson, toJson, type DescMessage, type JsonObject, type JsonValue } from "@bufbuild/protobuf";
import { createClient, createRouterTransport, type Client } from "@connectrpc/connect";
import { onTestFinished } from "vitest";
import { ExecutionService } from "../../../../src/gen/belfry/v1/execution_service_pb.ts";
import type { ResultBackend } from "../../../../src/ports/result-backend.ts";
import { guardService } from "../../../../src/server/call/guard.ts";
import { addRoutes } from "../../../../src/server/connect/routes.ts";
import { executionHandlers } from "../../../../src/server/handlers/execution-handlers.ts";
import type { ServiceEnvironment } from "../../../../src/server/handlers/environment.ts";
import { DEFAULT_LIMITS } from "../../../../src/server/limits.ts";
import { recordingLog } from "../../../support/log.ts";
import { aWorld } from "../../../support/node.ts";
import type { World } from "../../../support/node.ts";

type Method = keyof Client<typeof ExecutionService>;

export interface ExecutionsHere extends World {
  /** Request and answer as they stand in JSON. */
  call(method: Method, request?: JsonObject): Promise<JsonObject>;
  /** The execution that a call answers with. */
  execution(method: Method, request: JsonObject): Promise<JsonObject>;
}

export async function executionsHere(resultBackend?: ResultBackend): Promise<ExecutionsHere> {
  const world = await aWorld();
  onTestFinished(() => world.stop());
  const { store, clock } = world;
  const runtime = await world.start("a", {}, undefined, resultBackend === undefined ? {} : { resultBackend });
  const parts = { runtime, queries: store.queries, clock, limits: DEFAULT_LIMITS, log: recordingLog() };
  const environment = parts as unknown as ServiceEnvironment;
  const methods = guardService(ExecutionService, executionHandlers(environment), environment);
  const client = createClient(
    ExecutionService,
    createRouterTransport((router) => addRoutes(router, methods)),
  );
  const call = async (method: Method, request: JsonObject = {}): Promise<JsonObject> => {
    const { input, output } = ExecutionService.method[method];
    const ask = client[method] as (message: unknown) => Promise<never>;
    const answer = await ask(fromJson(input as DescMessage, request));
    return toJson(output as DescMessage, answer) as JsonObject;
  };
  return {
    ...world,
    call,
    execution: async (method, request) => (await call(method, request))["execution"] as JsonValue as JsonObject,
  };
}
