/**
 * What was sent and answered in one delivery, as it is kept with the attempt for the person who debugs: without secrets, and at most 16 KiB as JSON.
 */
import type { FailureCause } from "../breaker.ts";

// Types, not interfaces: they are JSON objects.

export type ExchangeRequest = {
  readonly method: "GET" | "POST" | "PUT";
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The beginning, at most 4 KiB. */
  readonly body: string;
  /** How long the whole body was. */
  readonly bodyBytes: number;
  readonly isCut: boolean;
};

export type ExchangeResponse = {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The beginning, at most 4 KiB. */
  readonly body: string;
  /** There was more of the body, or it broke off. */
  readonly isCut: boolean;
};

export type Exchange = {
  readonly request: ExchangeRequest;
  /** Null: none came. */
  readonly response: ExchangeResponse | null;
  /** Why no response came; null: one did. */
  readonly error: { readonly cause: FailureCause; readonly message: string } | null;
  readonly durationMs: number;
};
