import { BelfryError } from "../../domain/error.ts";

/**
 * Waits for a command on a resource, such as a platform. What the runtime finds wrong with it, `settings.appId`, is told by the place in the request:
 * `platform.settings.appId`.
 */
export async function asFieldsOf<Result>(message: string, command: Promise<Result>): Promise<Result> {
  try {
    return await command;
  } catch (error) {
    if (!(error instanceof BelfryError) || error.violations.length === 0) throw error;
    const { reason, metadata, retryAfterMs } = error;
    const violations = error.violations.map(({ field, description }) => ({
      field: `${message}.${field}`,
      description,
    }));
    throw new BelfryError(reason, violations.map(({ field, description }) => `${field}: ${description}`).join("; "), {
      metadata,
      violations,
      cause: error,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  }
}
