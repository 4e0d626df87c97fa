import { BelfryError } from "../../domain/error.ts";

/** Clients come back at once: another node answers, or the next start of this one. */
const RECONNECT_MS = 500;

export function drainingError(): BelfryError {
  return new BelfryError(
    "DRAINING",
    "This node is shutting down. Call again: another node, or its next start, answers.",
    {
      retryAfterMs: RECONNECT_MS,
    },
  );
}
