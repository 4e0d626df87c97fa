import type { FailureCause } from "../domain/breaker.ts";

export interface WebhookRequest {
  /** Default POST. */
  readonly method?: "GET" | "POST" | "PUT";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty: none. */
  readonly body: string;
  /** Until the connection stands, TLS included. Milliseconds, as are all. */
  readonly connectMs: number;
  /** From the sent request to the headers of the response. */
  readonly headersMs: number;
  /** From the beginning to the last byte that is wanted. */
  readonly wholeMs: number;
  /** Of the body no more than this is kept, in bytes as they are after decompression. The rest is not read. */
  readonly keepBytes: number;
}

export type WebhookReply =
  | {
      readonly kind: "answered";
      readonly status: number;
      /** Names in lower case; several values of one name are joined by `, `. At most 16 KiB in all. */
      readonly headers: Readonly<Record<string, string>>;
      /** As UTF-8; what is not stands as U+FFFD. */
      readonly body: string;
      /** The body is longer than what was kept, or broke off. */
      readonly isCut: boolean;
      readonly durationMs: number;
    }
  | {
      readonly kind: "failed";
      readonly cause: FailureCause;
      /** For a person: what went wrong, without secrets. */
      readonly message: string;
      /** The address may not be called: the same request fails again. */
      readonly isForbidden?: boolean;
      readonly durationMs: number;
    };

/** HTTP requests to other people's servers. Redirects are not followed. */
export interface WebhookClient {
  /** Never rejects. `signal`: nobody waits any more. */
  send(request: WebhookRequest, signal: AbortSignal): Promise<WebhookReply>;
  /** Why no request may go to this URL, as far as can be seen without asking for its address; null: nothing is known against it. */
  refusal(url: string): string | null;
  /** Ends all connections. */
  close(): Promise<void>;
}
