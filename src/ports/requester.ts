import type { JsonObject } from "../domain/json.ts";

/** Requests to other services over the message network (the `nats` executor). */
export interface Requester {
  /** Whether requests can be sent now. */
  readonly connected: boolean;
  /** Told when {@link connected} changes. */
  onChange(listener: () => void): void;
  /** Sends a request and waits for the first reply. Never rejects. Headers are text; the payload is JSON. */
  request(request: ServiceRequest, signal: AbortSignal): Promise<ServiceReply>;
}

export interface ServiceRequest {
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: JsonObject;
  readonly timeoutMs: number;
}

export type ServiceReply =
  /** The service answered. `payload`: what it said, as a JSON object; text or other JSON stands under `value`. */
  | { readonly kind: "replied"; readonly payload: JsonObject | null }
  /** The service answered with an error (headers `Nats-Service-Error-Code` and `Nats-Service-Error`). */
  | { readonly kind: "refused"; readonly code: string; readonly message: string }
  /** Nobody listens on the subject. */
  | { readonly kind: "no-responders" }
  | { readonly kind: "timed-out" }
  /** The connection broke, or there is none: whether the request arrived is not known. */
  | { readonly kind: "unavailable"; readonly message: string }
  /** The reply is larger than 256 KiB, or cannot be read. */
  | { readonly kind: "unreadable"; readonly message: string };
