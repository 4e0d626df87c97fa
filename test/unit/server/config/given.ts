/** ConfigService over a node of its own. */
import { createClient, createRouterTransport, type Client } from "@connectrpc/connect";
import { onTestFinished } from "vitest";
import type { ConfigEnvironment } from "../../../../src/domain/config/resolve.ts";
import { ConfigService } from "../../../../src/gen/belfry/v1/config_service_pb.ts";
import { guardService } from "../../../../src/server/call/guard.ts";
import { addRoutes } from "../../../../src/server/connect/routes.ts";
import { configHandlers } from "../../../../src/server/handlers/config-handlers.ts";
import type { ServiceEnvironment } from "../../../../src/server/handlers/environment.ts";
import { recordingLog } from "../../../support/log.ts";
import { aWorld } from "../../../support/node.ts";
import type { World } from "../../../support/node.ts";

export interface ConfigHere extends World {
  readonly client: Client<typeof ConfigService>;
}

export async function configHere(configEnvironment: ConfigEnvironment = {}): Promise<ConfigHere> {
  const world = await aWorld();
  onTestFinished(() => world.stop());
  const runtime = await world.start("a", {}, undefined, { configEnvironment });
  const { actorStates } = world.store;
  const environment = { runtime, actorStates, log: recordingLog() } as unknown as ServiceEnvironment;
  const methods = guardService(ConfigService, configHandlers(environment), environment);
  const transport = createRouterTransport((router) => addRoutes(router, methods));
  return { ...world, client: createClient(ConfigService, transport) };
}
