/** How often and after what waits a request is repeated that was answered with one of `retryCodes`. */
import { numberOf, textOf } from "../read-settings.ts";
import type { Settings } from "../setting.ts";

const MAX_DELAY_MS = 3_600_000;

export interface Retries {
  readonly max: number;
  /** @param retry 0 for the first. At most an hour. */
  delayMs(retry: number): number;
}

export function retriesOf(settings: Settings): Retries {
  const firstMs = numberOf(settings, "retrySleep") * 1000;
  const factor = textOf(settings, "backoff") === "exponential" ? 2 : 1;
  return {
    max: Math.floor(numberOf(settings, "maxRetries")),
    delayMs: (retry) => Math.min(firstMs * factor ** retry, MAX_DELAY_MS),
  };
}
