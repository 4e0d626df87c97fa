import { invalid } from "../../domain/error.ts";

/** @throws BelfryError INVALID_FIELD when it is not set. */
export function requireField<T>(value: T | undefined, field: string): T {
  if (value === undefined) throw invalid({ field, description: "is required" });
  return value;
}
