import { triggerOfState } from "../../domain/platform/trigger-state.ts";
import { ListTriggersRequestSchema, type PlatformService } from "../../gen/belfry/v1/platform_service_pb.ts";
import type { Handlers } from "../call/handler.ts";
import { platformTriggerOf, toPlatformTrigger } from "../mapping/platform-trigger.ts";
import { asFieldsOf } from "../mapping/platform-violations.ts";
import { requireField } from "../mapping/required.ts";
import { pageOf } from "../paging/page-token.ts";
import { scanActorStates } from "./actor-state-scan.ts";
import type { ServiceEnvironment } from "./environment.ts";
import { platformCommandOf } from "./platform-command.ts";

type Triggers = "createTrigger" | "listTriggers" | "deleteTrigger";

export function platformTriggerHandlers({
  runtime,
  actorStates,
}: ServiceEnvironment): Pick<Handlers<typeof PlatformService>, Triggers> {
  const { taskCenters } = runtime;
  return {
    async createTrigger(request) {
      const given = requireField(request.trigger, "trigger");
      const command = { ...platformCommandOf(request), trigger: platformTriggerOf(given) };
      const made = await asFieldsOf("trigger", taskCenters.platforms.createTrigger(given.platformId, command));
      return { trigger: toPlatformTrigger(made) };
    },

    async listTriggers(request) {
      const page = pageOf(ListTriggersRequestSchema, request);
      const found = await scanActorStates(actorStates, { kind: "trigger" }, page, ({ id, state }) => {
        const trigger = triggerOfState(id, state);
        return request.platformId === "" || trigger.platformId === request.platformId ? trigger : undefined;
      });
      return { triggers: found.shown.map(toPlatformTrigger), nextPageToken: found.nextPageToken };
    },

    async deleteTrigger(request) {
      await taskCenters.platforms.deleteTrigger(request.triggerId, platformCommandOf(request));
      return {};
    },
  };
}
