/**
 * All that is sent in one delivery: the package, signed, with the headers of the attempt and those of the caller.
 *
 * | header                    | value                                                                            |
 * | ------------------------- | -------------------------------------------------------------------------------- |
 * | `webhook-id`              | the instance: the same for all attempts, by it a receiver knows a repetition     |
 * | `webhook-timestamp`       | seconds since 1970, of this attempt                                              |
 * | `webhook-signature`       | `v1,<base64>` for each secret that signs now; absent when there is none          |
 * | `traceparent`             | W3C Trace Context: one trace an instance, one span an attempt                    |
 * | `Belfry-Instance-Id`, `Belfry-Idempotency-Key` | the instance                                                |
 * | `Belfry-Definition-Id`    | whose it is; absent for dispatches                                               |
 * | `Belfry-Scheduled-Time`   | the due time it was fired for, ISO 8601; absent when there is none               |
 * | `Belfry-Attempt`          | 1, 2, …                                                                          |
 * | `Belfry-Attempt-Token`    | what the receiver reports the result with; absent when its 2xx is the result     |
 */
import { liveSecrets } from "../../actors/destination/secrets.ts";
import { DELIVERY_TIMEOUT_MS } from "../../domain/action.ts";
import type { WebhookAction } from "../../domain/action.ts";
import { isReservedHeader } from "../../domain/webhook/custom-headers.ts";
import type { DestinationRecord } from "../../domain/webhook/destination.ts";
import { definitionOf, packageOf, type Callback } from "../../domain/webhook/package.ts";
import { isSealed, type SecretBox } from "../../ports/secret-box.ts";
import type { WebhookRequest } from "../../ports/webhook-client.ts";
import type { Assignment } from "../api.ts";
import { attemptHeaders, visible } from "../executors/attempt-headers.ts";
import { requestTimeout } from "../executors/request-timeout.ts";
import { signatureOf } from "./signature.ts";

/** Of a response so much is read: success rules look at it, and the beginning is kept. */
const KEEP_BYTES = 64 * 1024;

export interface DeliveryContext {
  readonly destination: Pick<DestinationRecord, "settings" | "secrets">;
  readonly box: SecretBox;
  /** Now. */
  readonly at: number;
  /** Of Belfry. */
  readonly version: string;
  /** Where receivers reach the API: http or https, without a slash at its end. */
  readonly publicUrl: string;
}

export interface Delivery {
  readonly request: WebhookRequest;
  /** Texts that nobody may be shown, of what is sent: for the masking of what is kept. */
  readonly secrets: readonly string[];
}

/** @throws BelfryError SECRET_UNREADABLE when a secret that it needs cannot be opened. */
export function deliveryRequest(assignment: Assignment, action: WebhookAction, context: DeliveryContext): Delivery {
  const { instance, token } = assignment;
  const { settings } = context.destination;
  const callback = action.callback === null ? null : callbackOf(token, context.publicUrl);
  const body = JSON.stringify(packageOf(instance, action, callback));
  const signing = signingSecrets(action, context);
  const message = { id: visible(instance.id), timestamp: Math.floor(context.at / 1000), body };
  const custom = customHeaders(action, context.box);
  const definitionId = definitionOf(instance.spec.definitionId);
  const headers = {
    ...custom.headers,
    "content-type": "application/json",
    "user-agent": `Belfry/${context.version}`,
    "webhook-id": message.id,
    "webhook-timestamp": String(message.timestamp),
    ...(signing.length === 0 ? {} : { "webhook-signature": signatureOf(message, signing) }),
    ...attemptHeaders(assignment),
    ...(definitionId === null ? {} : { "Belfry-Definition-Id": visible(definitionId) }),
    ...(callback === null ? {} : { "Belfry-Attempt-Token": visible(token) }),
  };
  const wholeMs = requestTimeout(assignment, DELIVERY_TIMEOUT_MS);
  return {
    request: {
      url: action.url,
      headers,
      body,
      connectMs: Math.min(settings.connectMs, wholeMs),
      headersMs: Math.min(settings.headersMs, wholeMs),
      wholeMs,
      keepBytes: KEEP_BYTES,
    },
    secrets: [token, ...signing, ...custom.secrets],
  };
}

function callbackOf(token: string, publicUrl: string): Callback {
  return { attemptToken: token, url: `${publicUrl}/callbacks/${encodeURIComponent(token.toWellFormed())}` };
}

/** The action's own secret, else those of the destination that still sign, the newest first. */
function signingSecrets({ secret }: WebhookAction, { destination, box, at }: DeliveryContext): readonly string[] {
  if (secret !== "") return [box.open(secret)];
  return liveSecrets(destination, at).map(({ sealed }) => box.open(sealed));
}

function customHeaders({ headers }: WebhookAction, box: SecretBox) {
  const opened: [string, string][] = [];
  const secrets: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    // What Belfry sets would win in any case of its letters; two headers of one name are not sent.
    if (isReservedHeader(name)) continue;
    const plain = isSealed(value) ? box.open(value) : value;
    if (plain !== value) secrets.push(plain);
    opened.push([name, plain]);
  }
  return { headers: Object.fromEntries(opened), secrets };
}
