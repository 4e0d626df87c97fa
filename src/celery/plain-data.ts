import type { Json } from "../domain/json.ts";
import { RESULT_BYTES } from "./bounds.ts";
import { PickledObject } from "./pickle.ts";
import type { PickleValue } from "./pickle.ts";

export type PlainReading =
  | { readonly kind: "plain"; readonly value: Json }
  /** `why` continues "it is left out: …". */
  | { readonly kind: "other"; readonly why: string };

const MOST_DEPTH = 200;
/**
 * Values and characters, of which each is at least a byte. A pickle may hold the same thing many times over: it is small, and what comes of it need not
 * be.
 */
const MOST_SIZE = RESULT_BYTES;

/** What was pickled as JSON; of what is no plain data, its kind. Keys that are no text become such, as Python's own JSON has them. */
export function plainData(given: PickleValue): PlainReading {
  let size = 0;

  function grow(by: number): void {
    size += by;
    if (size > MOST_SIZE) throw new OtherThanPlain(`it is larger than ${MOST_SIZE} values and characters`);
  }

  function plain(value: PickleValue, depth: number): Json {
    grow(typeof value === "string" ? value.length + 1 : 1);
    if (depth > MOST_DEPTH) throw new OtherThanPlain(`it is nested deeper than ${MOST_DEPTH}`);
    if (typeof value === "number") return Number.isFinite(value) ? value : null;
    if (value === null || typeof value !== "object") return value;
    if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1));
    if (value instanceof PickledObject) {
      throw new OtherThanPlain(`it holds an object of ${value.module}.${value.name}`);
    }
    // Not by assignment: a key `__proto__` must stay a mere key.
    return Object.fromEntries([...value].map(([key, item]) => [keyOf(key), plain(item, depth + 1)]));
  }

  function keyOf(key: PickleValue): string {
    if (key !== null && typeof key === "object") {
      throw new OtherThanPlain("a key of it is no text");
    }
    grow(typeof key === "string" ? key.length : 1);
    return String(key);
  }

  try {
    return { kind: "plain", value: plain(given, 0) };
  } catch (error) {
    if (error instanceof OtherThanPlain) return { kind: "other", why: error.message };
    throw error;
  }
}

/** Ends the reading at once: what is left may be endless, such as a list that holds itself a hundred thousand times. */
class OtherThanPlain extends Error {}
