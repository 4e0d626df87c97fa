import { retryDelayMs } from "../../domain/policy/retry.ts";
import type { Assignment } from "../api.ts";

/** Retry-After puts a retry off; it does not make it come sooner than the policy says. */
export function notBefore(
  { instance: { spec, life }, number }: Assignment,
  retryAfterMs: number,
): { readonly retryDelayMs?: number } {
  const usualMs = retryDelayMs(spec.retry, number - life.seriesStart - 1, 1);
  return retryAfterMs > usualMs ? { retryDelayMs: retryAfterMs } : {};
}
