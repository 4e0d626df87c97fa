/**
 * Makes any value safe to print: secrets masked, errors reduced to what may leave, sizes bounded, nothing that throws.
 */

const MASK = "***";
const UNREADABLE = "[unreadable]";
const MAX_DEPTH = 6;
const MAX_ITEMS = 100;
const MAX_TEXT = 4096;

/** `apiKey`, `api_key`, `X-Api-Key`, `databasePassword`, `Authorization`, `set-cookie`, `webhook-signature` … */
const SECRET_KEY =
  /passw(or)?d|passphrase|secret|token|authorization|credential|cookie|signature|(api|private|access|signing)[-_]?key/i;
/** `tokenExpiresAt`, `secretRotationMs`: about a secret, not the secret. */
const HARMLESS_KEY = /(At|Ms|Count)$/;
/** `postgres://user:password@host`: the part between the colon and the at sign. */
const URL_PASSWORD = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/?#@]*:)[^\s/?#@]+@/gi;
/** `Bearer abc…` and `Authorization: Basic abc…`, as they stand in headers that were quoted into a message. */
const HEADER_CREDENTIAL = /\b(bearer\s+|authorization\s*[:=]\s*basic\s+)[\w.~+/=-]{8,}/gi;
/** Signing secrets of webhooks, and what else stands in a text that whoever reads it could use: the token in the path of a callback. */
const SIGNING_SECRET = /\b(whsec_)[\w+/=-]+/g;
const CALLBACK_TOKEN = /(\/callbacks\/)[^\s/?#"'<>]+/g;

export interface RedactionOptions {
  /** Whether errors keep their stack. */
  readonly stacks: boolean;
}

/** The fields as plain JSON data: objects, arrays, strings, finite numbers, booleans, null. Never throws. */
export function redactFields(fields: Record<string, unknown>, options: RedactionOptions): Record<string, unknown> {
  try {
    return entriesToPlain(ownEntries(fields), options, 0, new Set([fields]));
  } catch {
    return { fields: UNREADABLE };
  }
}

/** Text without passwords of URLs, credentials of headers and secrets of webhooks, cut at 4096 characters. */
export function redactText(text: string): string {
  // Cut first: the patterns then run over a bounded text.
  const bounded = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}… (${text.length} characters)` : text;
  return bounded
    .replace(URL_PASSWORD, `$1${MASK}@`)
    .replace(HEADER_CREDENTIAL, `$1${MASK}`)
    .replace(SIGNING_SECRET, `$1${MASK}`)
    .replace(CALLBACK_TOKEN, `$1${MASK}`);
}

function toPlain(value: unknown, options: RedactionOptions, depth: number, seen: Set<object>): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "bigint" || typeof value === "symbol") return String(value);
  if (typeof value === "function") return "[function]";
  if (typeof value === "object" && value !== null) return objectToPlain(value, options, depth, seen);
  return value;
}

function objectToPlain(value: object, options: RedactionOptions, depth: number, seen: Set<object>): unknown {
  if (seen.has(value)) return "[circular]";
  if (depth >= MAX_DEPTH) return "[deeper]";
  seen.add(value);
  try {
    if (value instanceof Error) return errorToPlain(value, options, depth, seen);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
    if (value instanceof URL) return redactText(value.href);
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (value instanceof Map) return entriesToPlain(value.entries(), options, depth, seen);
    if (Array.isArray(value) || value instanceof Set) {
      const items = [...value];
      const kept = items.slice(0, MAX_ITEMS).map((item) => toPlain(item, options, depth + 1, seen));
      return items.length > MAX_ITEMS ? [...kept, `… ${items.length - MAX_ITEMS} more`] : kept;
    }
    return entriesToPlain(ownEntries(value), options, depth, seen);
  } catch {
    // A getter or a proxy that throws: whatever it is, it must not take the line with it.
    return UNREADABLE;
  } finally {
    seen.delete(value);
  }
}

/** Name, code, message and cause: what a person needs, and nothing of what an error object may carry besides. */
function errorToPlain(error: Error, options: RedactionOptions, depth: number, seen: Set<object>): unknown {
  const code: unknown = "code" in error ? error.code : undefined;
  return {
    name: error.name,
    ...(typeof code === "string" || typeof code === "number" ? { code } : {}),
    message: redactText(error.message),
    ...(options.stacks && error.stack !== undefined ? { stack: redactText(error.stack) } : {}),
    ...(error.cause !== undefined ? { cause: toPlain(error.cause, options, depth + 1, seen) } : {}),
    ...(error instanceof AggregateError ? { errors: toPlain(error.errors, options, depth + 1, seen) } : {}),
  };
}

function* ownEntries(value: object): Generator<[string, unknown]> {
  for (const key of Object.keys(value)) {
    let item: unknown;
    try {
      item = Reflect.get(value, key);
    } catch {
      item = UNREADABLE;
    }
    yield [key, item];
  }
}

function entriesToPlain(
  entries: Iterable<[unknown, unknown]>,
  options: RedactionOptions,
  depth: number,
  seen: Set<object>,
): Record<string, unknown> {
  const plain: [string, unknown][] = [];
  for (const [rawKey, item] of entries) {
    const key = String(rawKey);
    if (plain.length === MAX_ITEMS) {
      plain.push(["…", "more"]);
      break;
    }
    plain.push([key, isSecret(key, item) ? MASK : toPlain(item, options, depth + 1, seen)]);
  }
  // Not by assignment: a key `__proto__` must stay a mere key.
  return Object.fromEntries(plain);
}

/** Absence and flags tell no secret, and are just what one looks for: `hasToken: false`, `password: undefined`. */
function isSecret(key: string, value: unknown): boolean {
  if (!SECRET_KEY.test(key) || HARMLESS_KEY.test(key)) return false;
  return value !== undefined && value !== null && typeof value !== "boolean" && value !== "";
}
