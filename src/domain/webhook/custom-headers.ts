/** Headers that a caller adds to a delivery. */
import type { Violation } from "../violation.ts";

const MAX_CUSTOM_HEADERS = 16;
const MAX_HEADER_VALUE = 1024;

/** Narrower than the grammar of HTTP, so that no program on the way reads it otherwise. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/u;
/** Printable ASCII, with spaces between: nothing that could end a header and begin another. */
const VALUE = /^[!-~](?:[ -~]*[!-~])?$/u;

/** Names that Belfry or HTTP sets. `user-agent` too: by it a receiver knows who calls. */
const RESERVED: ReadonlySet<string> = new Set([
  "host",
  "connection",
  "keep-alive",
  "transfer-encoding",
  "te",
  "trailer",
  "upgrade",
  "http2-settings",
  "expect",
  "accept-encoding",
  "user-agent",
  "traceparent",
  "tracestate",
]);
const RESERVED_PREFIX = /^(?:webhook|belfry|content|proxy)-/u;

/** Whether a caller may not set a header of this name. */
export function isReservedHeader(name: string): boolean {
  const lower = name.toLowerCase();
  return RESERVED.has(lower) || RESERVED_PREFIX.test(lower);
}

/**
 * Rules that custom headers break. Fields are relative to the action: `headers["X-Team"]`.
 * @param headers as the caller gave them: what is sealed is no value that a caller may give.
 */
export function customHeaderViolations(headers: Readonly<Record<string, string>>): readonly Violation[] {
  const found: Violation[] = [];
  const entries = Object.entries(headers);
  if (entries.length > MAX_CUSTOM_HEADERS) {
    found.push({ field: "headers", description: `must be at most ${MAX_CUSTOM_HEADERS}` });
  }
  const seen = new Set<string>();
  for (const [name, value] of entries) {
    const description = nameViolation(name, seen) ?? valueViolation(value);
    if (description !== null) found.push({ field: `headers[${JSON.stringify(name)}]`, description });
    seen.add(name.toLowerCase());
  }
  return found;
}

function nameViolation(name: string, seen: ReadonlySet<string>): string | null {
  if (!NAME.test(name)) {
    return "must be named with 1 to 64 letters, digits, _, . and -, beginning with a letter or a digit";
  }
  if (isReservedHeader(name)) return "is a name that HTTP or Belfry sets itself; choose another";
  return seen.has(name.toLowerCase()) ? "differs from another name in upper and lower case only" : null;
}

function valueViolation(value: string): string | null {
  if (value.length > MAX_HEADER_VALUE) return `must have at most ${MAX_HEADER_VALUE} characters`;
  if (!VALUE.test(value)) return "must be printable ASCII, with spaces between only, and not empty";
  // Else a caller who saw the sealed value of another could have it opened, and sent to a server of their own.
  return value.startsWith("sealed:") ? 'must not begin with "sealed:"; give the value itself' : null;
}
