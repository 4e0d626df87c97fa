/** Standard Webhooks, version 1: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
import { createHmac } from "node:crypto";
import { signingKeyOf } from "../../domain/webhook/signing-secret.ts";

export interface SignedMessage {
  /** The same for all attempts: by it a receiver knows a repetition. */
  readonly id: string;
  /** In whole seconds since 1970. */
  readonly timestamp: number;
  readonly body: string;
}

/** The value of `webhook-signature`: a signature for each secret, with spaces between. @param secrets as `whsec_…`, at least one. */
export function signatureOf({ id, timestamp, body }: SignedMessage, secrets: readonly string[]): string {
  const signed = `${id}.${timestamp}.${body}`;
  return secrets
    .map((secret) => `v1,${createHmac("sha256", signingKeyOf(secret)).update(signed).digest("base64")}`)
    .join(" ");
}
