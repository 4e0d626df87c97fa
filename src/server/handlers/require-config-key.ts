import type { ConfigKey } from "../../domain/config/config-key.ts";
import { readConfigKey } from "../../domain/config/config-place.ts";
import { invalid } from "../../domain/error.ts";

/** @throws BelfryError INVALID_FIELD that says which keys there are. */
export function requireConfigKey(text: string): ConfigKey {
  const reading = readConfigKey(text);
  if (reading.kind === "wrong") throw invalid(reading.violation);
  return reading.key;
}
