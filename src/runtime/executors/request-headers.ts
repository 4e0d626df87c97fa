/** What a request tells the service beside the payload. */
import { createHash } from "node:crypto";
import type { NatsAction } from "../../domain/action.ts";
import type { Assignment } from "../api.ts";

export function requestHeaders({ instance, token, number }: Assignment, action: NatsAction): Record<string, string> {
  const { definitionId, scheduledAt } = instance.spec;
  return {
    ...action.headers,
    "Belfry-Instance-Id": visible(instance.id),
    ...(definitionId === null ? {} : { "Belfry-Definition-Id": visible(definitionId) }),
    "Belfry-Attempt": String(number),
    "Belfry-Attempt-Token": visible(token),
    "Belfry-Idempotency-Key": visible(instance.id),
    ...(scheduledAt === null ? {} : { "Belfry-Scheduled-Time": new Date(scheduledAt).toISOString() }),
    traceparent: traceparent(instance.id, token),
  };
}

/** W3C Trace Context: all attempts of an instance are one trace, each a span of its own. */
function traceparent(instanceId: string, token: string): string {
  const digits = instanceId.replaceAll("-", "").toLowerCase();
  const trace = /^[0-9a-f]{32}$/u.test(digits) ? digits : sha256(instanceId).slice(0, 32);
  return `00-${trace}-${sha256(token).slice(0, 16)}-01`;
}

/** Ids that callers choose may hold anything; a header holds visible ASCII. Other characters, and `%`, are percent-encoded. */
function visible(id: string): string {
  return id.toWellFormed().replaceAll(/[^!-$&-~]/gu, encodeURIComponent);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
