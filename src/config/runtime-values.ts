/** What the environment says of keys that can be configured while Belfry runs (`BELFRY_CONFIG_…`). What is set through the API stands above it. */
import { ALL_CONFIG_KEYS, configRule, variableOfConfig } from "../domain/config/config-key.ts";
import type { ConfigKey, ConfigValue } from "../domain/config/config-key.ts";
import { allowedInWords, readConfigText } from "../domain/config/config-value.ts";
import type { ConfigEnvironment } from "../domain/config/resolve.ts";
import type { Variable } from "./variables.ts";
import { wrongVariable } from "./wrong-variable.ts";

/** A variable a key: named, bounded and described by the table of keys. */
export const CONFIG_VARIABLES: readonly Variable[] = ALL_CONFIG_KEYS.map((key) => {
  const rule = configRule(key);
  return {
    name: variableOfConfig(key),
    fallback: String(rule.fallback),
    meaning: `\`${key}\`, where nobody has set it: ${rule.description.charAt(0).toLowerCase()}${rule.description.slice(1)}`,
    allowed: allowedInWords(rule),
  };
});

/** @param textOf the value of a variable; undefined: it has none. */
export function runtimeValuesOf(textOf: (variable: string) => string | undefined): ConfigEnvironment {
  const values: Partial<Record<ConfigKey, ConfigValue>> = {};
  for (const key of ALL_CONFIG_KEYS) {
    const name = variableOfConfig(key);
    const text = textOf(name);
    if (text === undefined) continue;
    const reading = readConfigText(key, text);
    if (reading.kind === "wrong") throw wrongVariable(name, allowedInWords(configRule(key)), text);
    values[key] = reading.value;
  }
  return values;
}
