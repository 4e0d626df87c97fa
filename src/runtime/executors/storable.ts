/** What comes from other programs, made fit for the store and for every reader of the API. Requests of the API are checked at its border. */
import type { Json, JsonObject } from "../../domain/json.ts";

/** Readers of protobuf refuse messages that are nested more than 100 deep; a level of JSON is up to three of them. */
const MAX_DEPTH = 32;

/** Why no store and no reader could hold this data; null when they can. */
export function unstorable(data: JsonObject): string | null {
  return faultOf(data, 1);
}

function faultOf(value: Json, depth: number): string | null {
  if (typeof value === "string") {
    return faultOfText(value);
  }
  if (typeof value === "number") {
    return Number.isFinite(value) ? null : "a number too large";
  }
  if (typeof value !== "object" || value === null) {
    return null;
  }
  if (depth > MAX_DEPTH) {
    return `data nested deeper than ${MAX_DEPTH} levels`;
  }
  for (const [key, held] of Object.entries(value)) {
    const fault = faultOfText(key) ?? faultOf(held, depth + 1);
    if (fault !== null) {
      return fault;
    }
  }
  return null;
}

function faultOfText(text: string): string | null {
  if (text.includes("\0")) {
    return "a NUL character";
  }
  return text.isWellFormed() ? null : "half of a surrogate pair";
}

/** A text of somebody else, for an error: what cannot be stored is replaced, what is too long is cut. */
export function storableText(text: string, maxLength: number): string {
  return text.slice(0, maxLength).replaceAll("\0", "\u{FFFD}").toWellFormed();
}
