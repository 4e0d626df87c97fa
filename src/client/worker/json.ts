import type { JsonObject } from "@bufbuild/protobuf";

/** An object as JSON has it, and about how many bytes it takes. */
export interface PlainObject {
  readonly value: JsonObject;
  readonly bytes: number;
}

/**
 * What JSON.stringify would write of `value`: dates become text, undefined fields go. The stream to the server is shared by
 * all attempts, so what cannot be written must fail here, where it concerns one.
 *
 * @throws TypeError when it is no object, or holds what JSON cannot (a bigint, a circle).
 */
export function plainObject(value: unknown, what: string): PlainObject {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined || !text.startsWith("{")) {
    throw new TypeError(`${what} must be an object that JSON can hold, got ${text?.slice(0, 40) ?? typeof value}`);
  }
  return { value: JSON.parse(text) as JsonObject, bytes: text.length };
}
