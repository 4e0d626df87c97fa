/** Of a response's headers so many bytes are kept, as UTF-8. */
const MAX_BYTES = 16 * 1024;
const JOINT = ", ";

/**
 * Names in lower case with their values, several of one name joined by commas.
 *
 * @param raw names and values in turn, bytes as Latin-1.
 */
export function answerHeaders(raw: readonly (Buffer | string)[]): Readonly<Record<string, string>> {
  const headers = new Map<string, string>();
  let bytes = 0;
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = textOf(raw[at]).toLowerCase();
    const value = textOf(raw[at + 1]);
    const before = headers.get(name);
    bytes += Buffer.byteLength(before === undefined ? name : JOINT) + Buffer.byteLength(value);
    if (bytes > MAX_BYTES) break;
    headers.set(name, before === undefined ? value : `${before}${JOINT}${value}`);
  }
  // Not by assignment: `__proto__` is a name like any other.
  return Object.fromEntries(headers);
}

function textOf(raw: Buffer | string | undefined): string {
  return typeof raw === "string" ? raw : (raw?.toString("latin1") ?? "");
}
