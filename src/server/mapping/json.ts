/** Free data: `google.protobuf.Struct` is plain JSON in generated code, as it is in the domain. */
import type { JsonObject as StructObject } from "@bufbuild/protobuf";
import { BelfryError } from "../../domain/error.ts";
import type { JsonObject } from "../../domain/json.ts";

/**
 * @param field where it stands in the request.
 * @throws BelfryError PAYLOAD_TOO_LARGE when it is longer than `maxBytes` as JSON.
 */
export function dataOf(data: StructObject | undefined, field: string, maxBytes: number): JsonObject | undefined {
  if (data === undefined) return undefined;
  const size = Buffer.byteLength(JSON.stringify(data));
  if (size > maxBytes) {
    throw new BelfryError(
      "PAYLOAD_TOO_LARGE",
      `${field} is ${size} bytes long as JSON, at most ${maxBytes} are allowed. Keep large data elsewhere and send a reference.`,
      { metadata: { field, limit_bytes: String(maxBytes), size_bytes: String(size) } },
    );
  }
  return data;
}

export function toStruct(data: JsonObject | null): StructObject | undefined {
  // The domain's type differs in being read-only; messages are only read before they are sent.
  return data === null ? undefined : (data as StructObject);
}
