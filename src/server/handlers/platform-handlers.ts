import { invalid } from "../../domain/error.ts";
import type { PlatformService } from "../../gen/belfry/v1/platform_service_pb.ts";
import type { PlatformTest, PlatformView } from "../../runtime/index.ts";
import type { Handlers } from "../call/handler.ts";
import { toPlatformTest } from "../mapping/platform-status.ts";
import { platformUpdateOf } from "../mapping/platform-update.ts";
import { asFieldsOf } from "../mapping/platform-violations.ts";
import { givenPlatformOf, toPlatform } from "../mapping/platform.ts";
import { requireField } from "../mapping/required.ts";
import type { ServiceEnvironment } from "./environment.ts";
import { platformCommandOf } from "./platform-command.ts";
import { platformReadHandlers, shownStatus } from "./platform-read-handlers.ts";
import { platformTriggerHandlers } from "./platform-trigger-handlers.ts";
import { requestIdOf } from "./request-id.ts";

export function platformHandlers(environment: ServiceEnvironment): Handlers<typeof PlatformService> {
  const { runtime, limits } = environment;
  const { taskCenters } = runtime;
  const reading = () => ({ connectors: taskCenters.connectors, dataMaxBytes: limits.dataMaxBytes });
  const asPlatform = ({ record }: PlatformView) => ({
    platform: toPlatform(record, taskCenters.shownSettings(record)),
  });
  const asStatus = (view: PlatformView) => ({ status: shownStatus(environment, view) });
  const asTest = (test: PlatformTest) => ({ test: toPlatformTest(test), ...asStatus(test.view) });

  return {
    ...platformReadHandlers(environment),
    ...platformTriggerHandlers(environment),

    async createPlatform(request) {
      const platform = givenPlatformOf(requireField(request.platform, "platform"), reading());
      const command = { ...platformCommandOf(request), platform };
      return asPlatform(await asFieldsOf("platform", taskCenters.platforms.create(command)));
    },

    async updatePlatform(request) {
      const platform = requireField(request.platform, "platform");
      const { id, etag } = platform;
      if (id === "")
        throw invalid({ field: "platform.id", description: "is required: it says which platform is meant" });
      const asked = platformUpdateOf(platform, request.updateMask, reading());
      const change = { ...asked.change, ...(Object.keys(asked.policy).length > 0 && { policy: asked.policy }) };
      const command = { ...platformCommandOf({ ...request, etag }), change };
      return asPlatform(await asFieldsOf("platform", taskCenters.platforms.update(id, command)));
    },

    async enablePlatform(request) {
      return asPlatform(await taskCenters.platforms.enable(request.platformId, platformCommandOf(request)));
    },

    async disablePlatform(request) {
      return asPlatform(await taskCenters.platforms.disable(request.platformId, platformCommandOf(request)));
    },

    async deletePlatform(request) {
      await taskCenters.platforms.remove(request.platformId, platformCommandOf(request));
      return {};
    },

    async testPlatform({ platformId }) {
      return asTest(await taskCenters.platforms.test(platformId));
    },

    async refreshToken(request) {
      const { platformId, changedBy, reason } = request;
      const { platforms } = taskCenters;
      const answer = await runtime.repeatable(
        { method: "RefreshToken", asked: { platformId, changedBy, reason }, ...requestIdOf(request) },
        async () => {
          const { view: _, ...test } = await platforms.refreshToken(platformId, platformCommandOf(request));
          return test;
        },
      );
      return asTest({ ...answer, view: await platforms.get(platformId) });
    },

    async resetBreaker(request) {
      return asStatus(await taskCenters.platforms.reset(request.platformId, platformCommandOf(request)));
    },

    async isolatePlatform(request) {
      return asStatus(await taskCenters.platforms.isolate(request.platformId, platformCommandOf(request)));
    },
  };
}
