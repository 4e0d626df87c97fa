import { Code, ConnectError } from "@connectrpc/connect";
import { BelfryError } from "../../domain/error.ts";

export function deadlineError(): BelfryError {
  return new BelfryError(
    "DEADLINE",
    "The deadline of the call passed before its answer. A command may still be carried out: repeat it with the same request_id to learn how it ended.",
  );
}

/** Whether the signal aborted because the caller's deadline passed (and not because the caller went away). */
export function passedDeadline(signal: AbortSignal): boolean {
  const reason: unknown = signal.aborted ? signal.reason : undefined;
  return reason instanceof ConnectError && reason.code === Code.DeadlineExceeded;
}

/** What `work` gives, unless the signal aborts first: then it rejects with the signal's reason and lets the work end unheard. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
}

/** A signal that aborts with the first of several. `release` lets go of the others, which may live much longer. */
export function firstOf(...signals: readonly AbortSignal[]): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const listeners = signals.map((signal) => ({ signal, onAbort: () => controller.abort(signal.reason) }));
  for (const { signal, onAbort } of listeners) {
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  }
  return {
    signal: controller.signal,
    release: () => {
      for (const { signal, onAbort } of listeners) signal.removeEventListener("abort", onAbort);
    },
  };
}
