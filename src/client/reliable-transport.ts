import { Code, ConnectError } from "@connectrpc/connect";
import type { Transport } from "@connectrpc/connect";
import { askedDelayMs, backoffDelayMs } from "./backoff.ts";
import type { Backoff } from "./backoff.ts";
import { belfryErrorOf } from "./belfry-error.ts";
import { isRepeatable, withRequestIds } from "./repeatable.ts";
import { waited } from "./time.ts";
import type { ClientTime } from "./time.ts";

/** How calls that may be made twice are made again. */
export interface RetryOptions extends Backoff {
  /** At most so many calls for one, the first included. */
  readonly maxAttempts: number;
}

export interface Reliability {
  /** For a unary call that brings no deadline of its own, repetitions included. */
  readonly deadlineMs: number;
  /** False: every call is made once. */
  readonly retry: RetryOptions | false;
  readonly time: ClientTime;
  readonly fraction: () => number;
  readonly newRequestId: () => string;
  /** Whether the connection was closed by its owner: nothing is repeated then. */
  readonly isClosed: () => boolean;
}

/**
 * A transport whose unary calls have a deadline, and are repeated after a failure that may pass when that does no harm.
 * Streams go through untouched: whoever reads one knows where to go on.
 */
export function reliableTransport(inner: Transport, reliability: Reliability): Transport {
  const { retry, time, fraction } = reliability;
  return {
    async unary(method, signal, timeoutMs, header, input, contextValues) {
      const wholeMs = timeoutMs === undefined ? reliability.deadlineMs : timeoutMs <= 0 ? Infinity : timeoutMs;
      const endsAt = time.monotonic() + wholeMs;
      // Also when this client repeats nothing: a proxy between here and the server may.
      const request = withRequestIds(method.input, input, reliability.newRequestId);
      const maxAttempts = retry && isRepeatable(method) ? retry.maxAttempts : 1;
      for (let attempt = 1; ; attempt += 1) {
        const leftMs = endsAt - time.monotonic();
        try {
          // Zero stands for no deadline at all.
          return await inner.unary(
            method,
            signal,
            leftMs === Infinity ? 0 : Math.max(Math.ceil(leftMs), 1),
            header,
            request,
            contextValues,
          );
        } catch (error) {
          if (!retry || attempt >= maxAttempts || signal?.aborted || reliability.isClosed() || !mayPass(error))
            throw error;
          const { retryAfterMs } = belfryErrorOf(error);
          const delayMs =
            retryAfterMs === undefined
              ? backoffDelayMs(retry, attempt - 1, fraction)
              : askedDelayMs(retryAfterMs, fraction);
          // The failure says more than a deadline that would pass while nothing is tried.
          if (time.monotonic() + delayMs >= endsAt) throw error;
          if (!(await waited(time, delayMs, signal))) throw error;
        }
      }
    },
    stream: (method, signal, timeoutMs, header, input, contextValues) =>
      // Undefined would mean the inner transport's default; a stream has none.
      inner.stream(method, signal, timeoutMs ?? 0, header, input, contextValues),
  };
}

/** Whether the same call may succeed a little later. */
function mayPass(error: unknown): boolean {
  const { code } = ConnectError.from(error);
  const { reason, retryAfterMs } = belfryErrorOf(error);
  switch (code) {
    case Code.Unavailable:
      // Whoever asks to fail fast is not kept waiting.
      return reason !== "BREAKER_OPEN";
    case Code.ResourceExhausted:
      // Without a delay it is a bound that time does not change, such as the size of a payload.
      return retryAfterMs !== undefined;
    default:
      return isConnectionLoss(code, reason);
  }
}

/**
 * Belfry's own refusals carry a reason. These codes without one are what a connection that broke in the middle of a call
 * looks like.
 */
function isConnectionLoss(code: Code, reason: string): boolean {
  return reason === "" && (code === Code.Aborted || code === Code.Internal || code === Code.Canceled);
}
