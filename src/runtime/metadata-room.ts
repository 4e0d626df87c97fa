import { BelfryError } from "../domain/error.ts";
import type { JsonObject } from "../domain/json.ts";

/** Metadata of one instance, merged, as JSON. */
const MAX_METADATA_BYTES = 262_144;

/** What is told of an instance bit by bit is bounded as a whole: each may be small, and there may be many. */
export function hasRoom(known: JsonObject | null, more: JsonObject | undefined): boolean {
  return (
    more === undefined ||
    known === null ||
    Buffer.byteLength(JSON.stringify({ ...known, ...more })) <= MAX_METADATA_BYTES
  );
}

/** @throws BelfryError PAYLOAD_TOO_LARGE */
export function requireRoom(known: JsonObject | null, more: JsonObject | undefined): void {
  if (!hasRoom(known, more)) {
    throw new BelfryError(
      "PAYLOAD_TOO_LARGE",
      `The metadata of the instance would grow past ${MAX_METADATA_BYTES} bytes as JSON. Report fewer or smaller keys.`,
      { metadata: { field: "metadata", limit_bytes: String(MAX_METADATA_BYTES) } },
    );
  }
}
