/** What went wrong, in the words of the port. Nothing of an error's own text is repeated: it may hold what the other side sent. */
import { errors } from "undici";
import type { FailureCause } from "../../domain/breaker.ts";
import type { WebhookReply } from "../../ports/webhook-client.ts";

export type Failed = Omit<Extract<WebhookReply, { readonly kind: "failed" }>, "durationMs">;

export function failed(cause: FailureCause, message: string): Failed {
  return { kind: "failed", cause, message };
}

/** The same request would be refused again, and nothing of it was sent. It says nothing about the destination, so it is REFUSED. */
export function forbidden(message: string): Failed {
  return { kind: "failed", cause: "REFUSED", message, isForbidden: true };
}

/** Nobody waits any more; nothing is known about the destination. */
export function givenUp(message: string): Failed {
  return failed("REFUSED", message);
}

export function timedOut(what: string, withinMs: number): Failed {
  return failed("TIMEOUT", `${what} within ${withinMs / 1000} s`);
}

/** A connection did not come about, and why. */
export class DialError extends Error {
  readonly failure: Failed;

  constructor(failure: Failed) {
    super(failure.message);
    this.name = "DialError";
    this.failure = failure;
  }
}

const CERTIFICATES: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "the certificate has expired",
  CERT_NOT_YET_VALID: "the certificate is not valid yet",
  CERT_REVOKED: "the certificate is revoked",
  CERT_SIGNATURE_FAILURE: "the signature of the certificate is wrong",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the certificate is signed by itself only",
  SELF_SIGNED_CERT_IN_CHAIN: "the certificate is from an authority that is not trusted here",
  UNABLE_TO_GET_ISSUER_CERT: "the certificate is from an authority that is not trusted here",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the certificate is from an authority that is not trusted here",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the certificate is from an authority that is not trusted here",
  ERR_TLS_CERT_ALTNAME_INVALID: "the certificate is for another name",
  ERR_SSL_WRONG_VERSION_NUMBER: "what listens there does not speak TLS",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "what listens there does not speak TLS",
  ECONNRESET: "the connection broke off in the TLS handshake",
  EPIPE: "the connection broke off in the TLS handshake",
};

const CONNECTIONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was reset",
  EHOSTUNREACH: "the host cannot be reached",
  ENETUNREACH: "the network of the host cannot be reached",
  ENOTFOUND: "the name of the host has no address",
  ENODATA: "the name of the host has no address",
  EAI_AGAIN: "the name of the host cannot be looked up now",
};

/** What this machine has none left of. That is not the destination's illness, so it is REFUSED, which opens no breaker. */
const OUR_OWN: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "EADDRNOTAVAIL"]);

/** Of an error before the connection stood. `isTls`: TCP stood, TLS did not. */
export function dialFailure(error: unknown, isTls: boolean): Failed {
  if (error instanceof DialError) return error.failure;
  const code = codeOf(error);
  if (isTls) return failed("TLS", CERTIFICATES[code] ?? `the TLS handshake failed${inBrackets(code)}`);
  if (OUR_OWN.has(code)) return failed("REFUSED", `this node cannot open another connection now${inBrackets(code)}`);
  // The system's own patience, when it is shorter than the caller's.
  if (code === "ETIMEDOUT") return failed("TIMEOUT", "the host does not answer");
  return failed("CONNECTION", CONNECTIONS[code] ?? `no connection could be made${inBrackets(code)}`);
}

/** Of an error after the request was on its way, before the headers of an answer were complete. `hasBegun`: something of one had come. */
export function exchangeFailure(error: unknown, hasBegun: boolean): Failed {
  if (error instanceof DialError) return error.failure;
  const code = codeOf(error);
  // The parser names no code (undici 8.12), but its class.
  if (error instanceof errors.HTTPParserError) return failed("BAD_RESPONSE", "the answer is not HTTP/1.1");
  if (code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH") {
    return failed("BAD_RESPONSE", "the headers of the answer contradict each other about its length");
  }
  if (code === "UND_ERR_HEADERS_OVERFLOW") return failed("BAD_RESPONSE", "the headers of the answer are too long");
  if (code === "UND_ERR_INVALID_ARG") return forbidden("the request cannot be written as HTTP");
  if (code === "ETIMEDOUT") return failed("TIMEOUT", "the host does not answer any more");
  if (hasBegun) return failed("BAD_RESPONSE", "the answer broke off in its headers, or was none to this request");
  return isBroken(error)
    ? failed("CONNECTION", "the connection was closed without an answer")
    : failed("CONNECTION", `the connection failed${inBrackets(code)}`);
}

/** Whether the other side, or something on the way, ended the connection. */
export function isBroken(error: unknown): boolean {
  return ["UND_ERR_SOCKET", "ECONNRESET", "EPIPE", "ECONNABORTED"].includes(codeOf(error));
}

/** Of several addresses that were tried in vain the first speaks for all. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  if ("code" in error && typeof error.code === "string") return error.code;
  return error instanceof AggregateError ? codeOf(error.errors[0]) : "";
}

function inBrackets(code: string): string {
  return code === "" ? "" : ` (${code})`;
}
