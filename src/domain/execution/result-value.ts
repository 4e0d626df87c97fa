/** Results of executions. Celery's may be any JSON; those of instances are objects, so another value stands in one, under a key of its own. */
import { isJsonObject } from "../json.ts";
import type { Json, JsonObject } from "../json.ts";

const KEY = "$value";

export function resultOf(value: Json): JsonObject {
  return isJsonObject(value) && !isKept(value) ? value : { [KEY]: value };
}

export function valueOf(result: JsonObject): Json {
  return isKept(result) ? (result[KEY] ?? null) : result;
}

/** Whether it is an object that another value stands in, or looks like it. */
function isKept(value: JsonObject): boolean {
  const keys = Object.keys(value);
  return keys.length === 1 && keys[0] === KEY;
}
