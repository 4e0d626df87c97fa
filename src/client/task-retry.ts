/** Uniform retries for whoever runs tasks by its own means: how often and how fast is configured in Belfry, once for all. */
import { toJson } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import type { BelfryClient } from "./client.ts";

/** How what failed is tried again. */
export interface TaskRetryOptions {
  /** Retries after the first failure; 0: none. Key `retry_max`. */
  readonly maxRetries: number;
  /** Before the first retry, in milliseconds. Key `retry_delay`, in seconds. */
  readonly initialMs: number;
  /** Whether each retry waits twice as long as the one before; else all wait `initialMs`. Key `retry_backoff`. */
  readonly backoff: boolean;
  /** No retry waits longer, in milliseconds. Key `retry_backoff_max`, in seconds. */
  readonly backoffMaxMs: number;
}

/**
 * The retry settings that hold now for a user, or without one for everybody. Ask once a task, and not once a retry: a task keeps what it began with.
 *
 * @throws ConnectError as any call.
 */
export async function getRetryOptions(client: Pick<BelfryClient, "configs">, userId = ""): Promise<TaskRetryOptions> {
  const resolve = async (key: string) => {
    const { value } = await client.configs.resolveConfig({ userId, key });
    return value === undefined ? null : toJson(ValueSchema, value);
  };
  const [maxRetries, delay, backoff, backoffMax] = await Promise.all([
    resolve("retry_max"),
    resolve("retry_delay"),
    resolve("retry_backoff"),
    resolve("retry_backoff_max"),
  ]);
  const seconds = typeof delay === "number" && typeof backoffMax === "number" ? { delay, backoffMax } : null;
  if (typeof maxRetries !== "number" || typeof backoff !== "boolean" || seconds === null) {
    throw new TypeError("The server has other kinds of retry settings than this client knows");
  }
  return { maxRetries, initialMs: seconds.delay * 1000, backoff, backoffMaxMs: seconds.backoffMax * 1000 };
}

/**
 * How long to wait before a retry, in milliseconds; null: there is none.
 *
 * @param retries how many there were before it.
 * @param fraction gives numbers from 0 up to 1, as Math.random does: a wait is between half and the whole of what the settings say, so that what failed
 * together is not tried again together.
 */
export function retryDelayMs(
  { maxRetries, initialMs, backoff, backoffMaxMs }: TaskRetryOptions,
  retries: number,
  fraction: () => number = Math.random,
): number | null {
  if (retries >= maxRetries) return null;
  return Math.min(backoffMaxMs, backoff ? initialMs * 2 ** retries : initialMs) * (0.5 + fraction() / 2);
}
