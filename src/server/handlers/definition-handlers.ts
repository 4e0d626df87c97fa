import { toJsonString } from "@bufbuild/protobuf";
import { UpdateDefinitionRequestSchema, type DefinitionService } from "../../gen/belfry/v1/definition_service_pb.ts";
import type { Handlers } from "../call/handler.ts";
import { definitionSpecOf, toDefinitionView } from "../mapping/definition.ts";
import { toInstance } from "../mapping/instance.ts";
import { definitionUpdate } from "../mapping/update.ts";
import { requireField } from "../mapping/required.ts";
import { definitionCommandHandlers } from "./definition-command-handlers.ts";
import { definitionReadHandlers } from "./definition-read-handlers.ts";
import type { ServiceEnvironment } from "./environment.ts";
import { readDefinition } from "./not-found.ts";
import { requestIdOf } from "./request-id.ts";
import { scheduleHandlers } from "./schedule-handlers.ts";
import { triggerHandlers } from "./trigger-handlers.ts";
import { userDefinitions } from "./user-definitions.ts";

export function definitionHandlers(environment: ServiceEnvironment): Handlers<typeof DefinitionService> {
  const { runtime, queries, clock, limits, webhooks } = environment;
  const definitions = userDefinitions(runtime.definitions);
  return {
    ...definitionReadHandlers(environment),
    ...definitionCommandHandlers(environment, definitions),
    ...triggerHandlers(environment, definitions),
    ...scheduleHandlers(environment),

    async createDefinition(request) {
      const definition = requireField(request.definition, "definition");
      const reading = { field: "definition", dataMaxBytes: limits.dataMaxBytes, anchorAt: clock.now(), webhooks };
      const spec = definitionSpecOf(definition, reading);
      // The runtime counts from the time of creation, which only it knows.
      const anchorAt = spec.schedule.startAt ?? Number.NaN;
      const created = await definitions.create({
        ...(definition.id !== "" && { id: definition.id }),
        spec: { ...spec, schedule: { ...spec.schedule, anchorAt } },
        startPaused: definition.startPaused,
        ...requestIdOf(request),
      });
      return {
        definition: toDefinitionView(created),
        instance: created.instance ? toInstance(created.instance) : undefined,
      };
    },

    async updateDefinition(request) {
      const definition = requireField(request.definition, "definition");
      requireField(definition.id || undefined, "definition.id");
      const current = await readDefinition(queries, definition.id);
      const change = definitionUpdate(definition, request.updateMask, {
        field: "definition",
        dataMaxBytes: limits.dataMaxBytes,
        anchorAt: current.definition.createdAt,
        webhooks,
      });
      const etag = definition.etag === "" ? {} : { etag: definition.etag };
      const asked = request.requestId === "" ? {} : { asked: toJsonString(UpdateDefinitionRequestSchema, request) };
      const updated = await definitions.update(definition.id, {
        ...etag,
        change,
        ...asked,
        ...requestIdOf(request),
      });
      return { definition: toDefinitionView(updated) };
    },

    async deleteDefinition(request) {
      const etag = request.etag === "" ? {} : { etag: request.etag };
      await definitions.delete(request.definitionId, { ...etag, ...requestIdOf(request) });
      return {};
    },
  };
}
