/** How often and after what waits a request is repeated that was answered with one of `retryCodes`. */
import type { Violation } from "../../domain/violation.ts";
import type { Retries } from "../../ports/platform/connector.ts";
import type { Settings } from "../../ports/platform/setting.ts";
import { numberOf, textOf } from "../read-settings.ts";

const MAX_RETRIES = 100;
const MAX_TOTAL_MS = 3_600_000;

export function retriesOf(settings: Settings): Retries {
  const firstMs = numberOf(settings, "retrySleep") * 1000;
  const factor = textOf(settings, "backoff") === "exponential" ? 2 : 1;
  return {
    max: Math.floor(numberOf(settings, "maxRetries")),
    delayMs: (retry) => firstMs * factor ** retry,
  };
}

/** A request that is repeated holds the platform's place for another one. */
export function retryFaults(settings: Settings): readonly Violation[] {
  const { max, delayMs } = retriesOf(settings);
  if (max > MAX_RETRIES) {
    return [{ field: "settings.maxRetries", description: `must be at most ${MAX_RETRIES}` }];
  }
  const totalMs = Array.from({ length: max }, (_, retry) => delayMs(retry)).reduce((sum, each) => sum + each, 0);
  return totalMs <= MAX_TOTAL_MS
    ? []
    : [
        {
          field: "settings.maxRetries",
          description: "makes, with retrySleep and backoff, waits of more than an hour all together",
        },
      ];
}
