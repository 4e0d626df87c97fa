import type { Clock } from "../../ports/clock.ts";
import { sentenceOf } from "../failure.ts";

export type Health =
  /** `SERVING`, `NOT_SERVING`: the words of `grpc.health.v1`. */
  | { readonly kind: "answered"; readonly status: string }
  /** Nobody is there, or nobody who knows the health service. */
  | { readonly kind: "no answer"; readonly reason: string };

/** Asks the health service of a server how the node as a whole is. @param url `http://127.0.0.1:8980`. */
export async function askHealth(url: string, clock: Clock, limitMs: number): Promise<Health> {
  const enough = new AbortController();
  const limit = clock.schedule(limitMs, () => enough.abort());
  try {
    const answer = await fetch(new URL("/grpc.health.v1.Health/Check", url), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
      signal: enough.signal,
    });
    const health: unknown = await answer.json();
    if (typeof health === "object" && health !== null && "status" in health) {
      return { kind: "answered", status: String(health.status) };
    }
    return { kind: "no answer", reason: `what listens there has no health service (HTTP ${answer.status})` };
  } catch (error) {
    return { kind: "no answer", reason: enough.signal.aborted ? "no answer in time" : reasonOf(error) };
  } finally {
    limit.cancel();
  }
}

/** `fetch` keeps what really happened in the cause. */
function reasonOf(error: unknown): string {
  return sentenceOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
}
