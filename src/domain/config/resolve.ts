import type { Json } from "../json.ts";
import { configRule } from "./config-key.ts";
import type { ConfigKey, ConfigValue, ConfigValueOf } from "./config-key.ts";
import { readConfigValue } from "./config-value.ts";

/** Where a value comes from. */
export type ConfigSource = "USER" | "GLOBAL" | "ENVIRONMENT" | "DEFAULT";

/** What is set where; left out: nothing is. */
export interface ConfigLevels {
  readonly user?: Json;
  readonly global?: Json;
  readonly environment?: Json;
}

/** Values by which a node was told of keys when it was started. */
export type ConfigEnvironment = { readonly [Key in ConfigKey]?: ConfigValue };

export interface ResolvedConfig<Key extends ConfigKey = ConfigKey> {
  readonly value: ConfigValueOf<Key>;
  readonly source: ConfigSource;
}

/**
 * What holds (优先级): the user's own value, else the global one, else that of the environment, else the default. A value that the rules of its key do not
 * allow, because another version of Belfry had others, counts as not set.
 */
export function resolveConfig<Key extends ConfigKey>(key: Key, levels: ConfigLevels): ResolvedConfig<Key> {
  const { fallback, forUsers } = configRule(key);
  const sources = [
    ["USER", forUsers ? levels.user : undefined],
    ["GLOBAL", levels.global],
    ["ENVIRONMENT", levels.environment],
  ] as const;
  for (const [source, given] of sources) {
    const reading = given === undefined ? null : readConfigValue(key, given);
    if (reading?.kind === "value") {
      return { value: reading.value as ConfigValueOf<Key>, source };
    }
  }
  return { value: fallback as ConfigValueOf<Key>, source: "DEFAULT" };
}
