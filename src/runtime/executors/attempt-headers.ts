/** What a request of an attempt tells whoever gets it, beside what it carries. */
import { createHash } from "node:crypto";
import type { Assignment } from "../api.ts";

/** The definition is left to the caller: not each of them is shown. */
export function attemptHeaders({ instance, token, number }: Assignment): Record<string, string> {
  const { scheduledAt } = instance.spec;
  return {
    "Belfry-Instance-Id": visible(instance.id),
    "Belfry-Attempt": String(number),
    "Belfry-Idempotency-Key": visible(instance.id),
    ...(scheduledAt === null ? {} : { "Belfry-Scheduled-Time": new Date(scheduledAt).toISOString() }),
    traceparent: traceparent(instance.id, token),
  };
}

/** Ids that callers choose may hold anything; a header holds visible ASCII. Other characters, and `%`, are percent-encoded. */
export function visible(id: string): string {
  return id.toWellFormed().replaceAll(/[^!-$&-~]/gu, encodeURIComponent);
}

/** W3C Trace Context: all attempts of an instance are one trace, each a span of its own. */
function traceparent(instanceId: string, token: string): string {
  const digits = instanceId.replaceAll("-", "").toLowerCase();
  const trace = /^[0-9a-f]{32}$/u.test(digits) ? digits : sha256(instanceId).slice(0, 32);
  return `00-${trace}-${sha256(token).slice(0, 16)}-01`;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
