/** The API as `curl` has it: JSON over HTTP/1.1. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json | undefined };
export type JsonObject = { readonly [name: string]: Json | undefined };

export interface Refusal {
  /** In Connect's spelling, e.g. `invalid_argument`. */
  readonly code: string;
  /** Of the ErrorInfo; empty where there is none. */
  readonly reason: string;
  /** Of the BadRequest. */
  readonly fields: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly message: string;
}

export interface Api {
  /** @param method `Service/Method` of belfry.v1. @throws Error when it is refused. */
  ask(method: string, request: JsonObject): Promise<JsonObject>;
  /** @param body JSON, or the very bytes. @throws Error when it is not refused. */
  refusal(method: string, body: JsonObject | string | Uint8Array<ArrayBuffer>): Promise<Refusal>;
}

interface ConnectFailure {
  readonly code: string;
  readonly message?: string;
  readonly details?: readonly {
    readonly debug?: {
      reason?: string;
      metadata?: Record<string, string>;
      fieldViolations?: readonly { field: string }[];
    };
  }[];
}

export function apiAt(url: string): Api {
  const post = (method: string, body: string | Uint8Array<ArrayBuffer>) =>
    fetch(`${url}/belfry.v1.${method}`, { method: "POST", headers: { "content-type": "application/json" }, body });
  return {
    async ask(method, request) {
      const response = await post(method, JSON.stringify(request));
      const body = await response.text();
      if (!response.ok) throw new Error(`${method}: ${body}`);
      return JSON.parse(body) as JsonObject;
    },
    async refusal(method, body) {
      const response = await post(
        method,
        typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body),
      );
      const text = await response.text();
      if (response.ok) throw new Error(`${method} was expected to be refused, and answered ${text}`);
      const { code, message = "", details = [] } = JSON.parse(text) as ConnectFailure;
      return {
        code,
        message,
        reason: details.find(({ debug }) => debug?.reason !== undefined)?.debug?.reason ?? "",
        metadata: details.find(({ debug }) => debug?.metadata !== undefined)?.debug?.metadata ?? {},
        fields: details.flatMap(({ debug }) => debug?.fieldViolations ?? []).map(({ field }) => field),
      };
    },
  };
}
