import type { WebhookAction } from "../action.ts";
import type { Violation } from "../violation.ts";
import { customHeaderViolations } from "./custom-headers.ts";
import { signingSecretViolation } from "./signing-secret.ts";
import { webhookUrlViolation } from "./url.ts";

/**
 * Rules of a `webhook` action that its schema cannot say. Fields are relative to the action. The action is as the caller gave it: nothing in it is
 * sealed yet.
 */
export function webhookViolations({ url, headers, secret }: WebhookAction): readonly Violation[] {
  const found: Violation[] = [];
  const wrongUrl = webhookUrlViolation(url);
  if (wrongUrl !== null) found.push({ field: "url", description: wrongUrl });
  found.push(...customHeaderViolations(headers));
  const wrongSecret = secret === "" ? null : signingSecretViolation(secret);
  if (wrongSecret !== null) found.push({ field: "secret", description: wrongSecret });
  return found;
}
