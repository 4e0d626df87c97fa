/**
 * What fits into one answer. Clients take messages of 4 MiB unless told otherwise, in every language; a page of large payloads is cut before
 * that, and goes on at its token.
 */

const ANSWER_MAX_BYTES = 3 * 1024 * 1024;
/** A number, and what stands before each value: its tag and its length, twice for values of free data. */
const NUMBER_BYTES = 9;
const FRAME_BYTES = 6;

/** How many of the rows, from the first, make one answer; at least one. */
export function countFitting(rows: readonly object[]): number {
  let bytes = 0;
  for (const [index, row] of rows.entries()) {
    bytes += bytesOf(row);
    if (bytes > ANSWER_MAX_BYTES && index > 0) return index;
  }
  return rows.length;
}

/** No less than the value takes as a message, names of fields counted like keys of free data. */
function bytesOf(value: unknown): number {
  if (typeof value === "string") return Buffer.byteLength(value) + FRAME_BYTES;
  if (typeof value !== "object" || value === null) return NUMBER_BYTES + FRAME_BYTES;
  let bytes = FRAME_BYTES;
  if (Array.isArray(value)) for (const held of value) bytes += bytesOf(held);
  else for (const [name, held] of Object.entries(value)) bytes += Buffer.byteLength(name) + FRAME_BYTES + bytesOf(held);
  return bytes;
}
