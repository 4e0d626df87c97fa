import { changeOfState } from "../../domain/platform/platform-change.ts";
import { platformOfState, type PlatformRecord } from "../../domain/platform/platform.ts";
import {
  ListConnectorsRequestSchema,
  ListPlatformChangesRequestSchema,
  ListPlatformsRequestSchema,
  type PlatformService,
} from "../../gen/belfry/v1/platform_service_pb.ts";
import type { PlatformView } from "../../runtime/index.ts";
import type { Handlers } from "../call/handler.ts";
import { toConnector } from "../mapping/connector.ts";
import { toPlatformChange } from "../mapping/platform-change.ts";
import { toPlatformStatus } from "../mapping/platform-status.ts";
import { toPlatform } from "../mapping/platform.ts";
import { cutPage, pageOf } from "../paging/page-token.ts";
import { idCursorOf, scanActorStates } from "./actor-state-scan.ts";
import type { ServiceEnvironment } from "./environment.ts";
import { readPlatform } from "./not-found.ts";

type Reads = "listConnectors" | "getPlatform" | "listPlatforms" | "getPlatformStatus" | "listPlatformChanges";

export function platformReadHandlers(environment: ServiceEnvironment): Pick<Handlers<typeof PlatformService>, Reads> {
  const { runtime, actorStates } = environment;
  const { taskCenters } = runtime;
  const shown = (record: PlatformRecord) => toPlatform(record, taskCenters.shownSettings(record));

  return {
    async listConnectors(request) {
      const page = pageOf(ListConnectorsRequestSchema, request);
      const after = idCursorOf(page);
      const connectors = [...taskCenters.connectors.values()]
        .filter(({ name }) => name > after)
        .toSorted((one, other) => (one.name < other.name ? -1 : 1));
      const { shown: some, nextPageToken } = cutPage(connectors, page, ({ name }) => [name]);
      return { connectors: some.map(toConnector), nextPageToken };
    },

    async getPlatform({ platformId }) {
      return { platform: shown(await readPlatform(actorStates, platformId)) };
    },

    async listPlatforms(request) {
      const { connector, enabled } = request;
      const page = pageOf(ListPlatformsRequestSchema, request);
      const found = await scanActorStates(actorStates, { kind: "platform" }, page, ({ id, shard, state }) => {
        const record = platformOfState(id, shard, state);
        const isMeant =
          (connector === "" || record.connector === connector) && (enabled === undefined || record.enabled === enabled);
        return isMeant ? record : undefined;
      });
      return { platforms: found.shown.map(shown), nextPageToken: found.nextPageToken };
    },

    async getPlatformStatus({ platformId }) {
      return { status: shownStatus(environment, await taskCenters.platforms.get(platformId)) };
    },

    async listPlatformChanges(request) {
      const { platformId } = request;
      const page = pageOf(ListPlatformChangesRequestSchema, request);
      const range = { kind: "platform_change", prefix: `${platformId}/` } as const;
      const found = await scanActorStates(actorStates, range, page, ({ id, shard, state }) =>
        changeOfState(id, shard, state),
      );
      // One that was deleted has changes all the same; without any it may be a slip of the pen.
      if (found.shown.length === 0 && page.cursor === null) await readPlatform(actorStates, platformId);
      return { changes: found.shown.map(toPlatformChange), nextPageToken: found.nextPageToken };
    },
  };
}

/** How a platform fares, for callers. */
export function shownStatus({ runtime, clock }: ServiceEnvironment, view: PlatformView) {
  const needsToken = runtime.taskCenters.connectors.get(view.record.connector)?.token !== null;
  return toPlatformStatus(view, clock.now(), needsToken);
}
