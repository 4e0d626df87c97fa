import { ConfigSource } from "../../gen/belfry/v1/config_pb.ts";
import type { ConfigService } from "../../gen/belfry/v1/config_service_pb.ts";
import type { ConfigCommand } from "../../runtime/index.ts";
import type { Handlers } from "../call/handler.ts";
import { jsonOf, placeOf, toConfig, toConfigChange, toValue } from "../mapping/config.ts";
import { asFieldsOf } from "../mapping/platform-violations.ts";
import { requireField } from "../mapping/required.ts";
import type { ServiceEnvironment } from "./environment.ts";
import { listConfigs } from "./list-configs.ts";
import { requestIdOf } from "./request-id.ts";
import { requireConfigKey } from "./require-config-key.ts";

interface Commanding {
  readonly changedBy: string;
  readonly reason: string;
  readonly requestId: string;
}

export function configHandlers(environment: ServiceEnvironment): Handlers<typeof ConfigService> {
  const { configs } = environment.runtime;
  return {
    async getConfig(request) {
      const { changes, ...view } = await configs.get(placeOf(request));
      return { config: toConfig(view), changes: changes.map(toConfigChange) };
    },

    async setConfig(request) {
      const config = requireField(request.config, "config");
      const value = jsonOf(requireField(config.value, "config.value"));
      const command = { ...commandOf(request, config.etag), value };
      return { config: toConfig(await asFieldsOf("config", configs.set(placeOf(config), command))) };
    },

    async deleteConfig(request) {
      return { config: toConfig(await configs.unset(placeOf(request), commandOf(request, request.etag))) };
    },

    listConfigs: (request) => listConfigs(environment, request),

    async resolveConfig({ userId, key }) {
      const { value, source } = await configs.resolve(requireConfigKey(key), userId);
      return { value: toValue(value), source: ConfigSource[source] };
    },
  };
}

function commandOf(request: Commanding, etag: string): ConfigCommand {
  const { changedBy, reason } = request;
  return { changedBy, ...(reason !== "" && { reason }), ...(etag !== "" && { etag }), ...requestIdOf(request) };
}
