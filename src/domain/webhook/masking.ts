/**
 * Keeps secrets out of what is shown of a delivery. They are known in two ways: by the name under which a value stands, and by their own text,
 * where it is one that Belfry itself sent (an attempt token, a signing secret, a sealed header).
 *
 * Names alone cannot tell everything (a secret in a path, a receiver's own words for it), and texts cannot tell what the receiver knows: so both
 * are used, everywhere.
 */
import type { Json, JsonObject } from "../json.ts";

export const MASK = "***";

/** A part of each of the words below: most names have none of them, and are done with. */
const HINT = /pass|pwd|secret|token|auth|cred|cookie|sig|key|jwt|otp|pin/i;
/** Words that make a name sensitive wherever they stand in it. */
const SENSITIVE =
  /passw(?:or)?d|passphrase|secret|token|authorization|credential|cookie|signature|(?:api|access|account|auth|encryption|functions|master|private|shared|signing|subscription)-?keys?(?:-|$)/u;
/** Words that do so as words of their own only: there are `author`, `signal` and `spins`. */
const SENSITIVE_WORD = /(?:^|-)(?:auth|pwd|sig|sign|jwt|otp|pin)(?:-|$)/u;
/** About a secret, not the secret: `token_type`, `tokenExpiresAt`, `expires_in`. */
const HARMLESS = /(?:^|-)(?:at|ms|count|type|expiry|expires|expires-in|ttl|length)$/u;
/** Names that say nothing in a header or a document, and a secret in a URL: `?key=…` of chat robots. */
const SENSITIVE_PARAMETER = /^(?:key|code)$/u;

/** Whether what stands under this name, of a header or in a document, is a secret: `Authorization`, `x-api-key`, `accessToken`. */
export function isSensitive(name: string): boolean {
  if (!HINT.test(name)) return false;
  const words = wordsOf(name);
  return (SENSITIVE.test(words) || SENSITIVE_WORD.test(words)) && !HARMLESS.test(words);
}

/** The same of a parameter of a URL. */
export function isSensitiveParameter(name: string): boolean {
  return SENSITIVE_PARAMETER.test(name.toLowerCase()) || isSensitive(name);
}

/** `accessToken`, `ACCESS_TOKEN` and `Access-Token` are all `access-token`. */
function wordsOf(name: string): string {
  return name
    .slice(0, MAX_NAME)
    .replaceAll(/([a-z0-9])([A-Z])/gu, "$1-$2")
    .replaceAll(/[^A-Za-z0-9]+/gu, "-")
    .toLowerCase();
}

/** A longer name has its words at the beginning, or is none. */
const MAX_NAME = 256;
/** Shorter texts stand in too many places by chance. */
const LEAST_SECRET = 6;
/** A shorter part of one tells too little. */
const LEAST_PART = 3;
/** Deeper data is left out: neither the store nor readers of the API take it. */
const MAX_DEPTH = 24;

/** `?key=…` in a URL, or in what looks like one; and `token=…` in a form or a message. */
const PARAMETER = /(^|[?&;\s])([\w.~%[\]-]{1,64})=([^&;#\s"'<>]+)/gu;
/** `://user:password@host`. */
const USER_INFO = /:\/\/[^\s/?#@]{1,512}@/gu;
/** `Bearer abc…`, `Basic abc…` quoted in a text. */
const CREDENTIAL = /\b(bearer|basic)(\s+)[\w.~+/=-]{6,}/giu;
/** `"password": "…"` in JSON that is broken off or stands in another text; the end of the value may be missing. */
const MEMBER = /"([\w.$ -]{1,64})"(\s*:\s*)(?:"(?:[^"\\]|\\.)*(?:"|\\?$)|-?\d[\d.eE+-]*)/gsu;

/** Without one of these nothing of the above is in a text. */
const TELLING = /[=@"]|bearer|basic/i;

/** Masks texts, headers and data. Made once for all that is shown of a delivery. */
export class Masking {
  /** Longest first, so that a secret that is part of another leaves nothing of that one. */
  readonly #secrets: readonly string[];

  /** @param secrets texts to mask wherever they stand, as they are and as JSON and URLs write them. */
  constructor(secrets: readonly string[]) {
    this.#secrets = [...new Set(secrets.flatMap(formsOf))].toSorted((one, other) => other.length - one.length);
  }

  /** A text that may be anything: a message, an address, a body that is no JSON. */
  text(text: string): string {
    let masked = text;
    for (const secret of this.#secrets) masked = masked.replaceAll(secret, MASK);
    if (!TELLING.test(masked)) return masked;
    return masked
      .replaceAll(USER_INFO, `://${MASK}@`)
      .replaceAll(PARAMETER, (whole: string, mark: string, name: string) =>
        (/[?&]/u.test(mark) ? isSensitiveParameter : isSensitive)(decoded(name)) ? `${mark}${name}=${MASK}` : whole,
      )
      .replaceAll(MEMBER, (whole: string, name: string, colon: string) =>
        isSensitive(name) ? `"${name}"${colon}"${MASK}"` : whole,
      )
      .replaceAll(CREDENTIAL, `$1$2${MASK}`);
  }

  /** The beginning of a text, the rest of which nobody has: what may be the beginning of a secret at its end goes too. */
  beginning(text: string): string {
    let end = text.length;
    for (const secret of this.#secrets) {
      for (let length = Math.min(secret.length - 1, text.length); length >= LEAST_PART; length--) {
        if (text.endsWith(secret.slice(0, length))) {
          end = Math.min(end, text.length - length);
          break;
        }
      }
    }
    return end === text.length ? this.text(text) : `${this.text(text.slice(0, end))}${MASK}`;
  }

  headers(headers: Readonly<Record<string, string>>): Record<string, string> {
    return Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [this.text(name), isSensitive(name) ? MASK : this.text(value)]),
    );
  }

  /** What lies under a sensitive name goes as a whole; absence, flags and empty texts stay, for they tell no secret. */
  json(value: Json, depth = 0): Json {
    if (typeof value === "string") return this.text(value);
    if (typeof value !== "object" || value === null) return value;
    if (depth >= MAX_DEPTH) return "[deeper]";
    if (isList(value)) return value.map((item) => this.json(item, depth + 1));
    return this.#members(value, depth);
  }

  #members(object: JsonObject, depth: number): JsonObject {
    // Not by assignment: a name `__proto__` must stay a mere name.
    return Object.fromEntries(
      Object.entries(object).map(([name, value]) => [
        this.text(name),
        isSensitive(name) && tellsSomething(value) ? MASK : this.json(value, depth + 1),
      ]),
    );
  }
}

/** A secret as it may be met: as it is, its words (`Bearer` apart), what a `whsec_` stands before; each also as JSON and URLs write it. */
function formsOf(secret: string): readonly string[] {
  const plain = [secret, ...secret.split(/\s+/u), secret.replace(/^whsec_/u, "")];
  return plain
    .flatMap((text) => {
      const inUrl = encodeURIComponent(text.toWellFormed());
      return [text, JSON.stringify(text).slice(1, -1), inUrl, inUrl.replaceAll("%20", "+")];
    })
    .filter((text) => text.length >= LEAST_SECRET && !SCHEME.test(text));
}

/** Words before a credential, which are no secret. */
const SCHEME = /^(?:bearer|basic|digest|token|apikey)$/iu;

function tellsSomething(value: Json): boolean {
  return value !== null && typeof value !== "boolean" && value !== "";
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** `Array.isArray` does not see through `readonly`. */
function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
