import type { PlatformRecord } from "../../domain/platform/platform.ts";
import { stateForbids } from "../refusals.ts";

/** @throws BelfryError STATE_FORBIDS */
export function requireEnabled({ enabled }: Pick<PlatformRecord, "enabled">): void {
  if (!enabled) {
    throw stateForbids("Nothing can be pushed to the platform", "disabled", "Enable it first.");
  }
}
