import { fromJson } from "@bufbuild/protobuf";
import type { DescMessage, JsonObject, JsonValue, MessageShape } from "@bufbuild/protobuf";
import { Failure, sentenceOf } from "../failure.ts";
import type { Surroundings } from "../surroundings.ts";

/**
 * Reads a message of the API from a JSON file (`-`: standard input). The message may stand there as it is, or wrapped as in a request:
 * `{"definition": {…}}`.
 *
 * @throws Failure when there is no such file, or it holds something else.
 */
export async function readMessage<Desc extends DescMessage>(
  surroundings: Surroundings,
  path: string,
  schema: Desc,
  wrapper: string,
): Promise<MessageShape<Desc>> {
  const place = path === "-" ? "standard input" : path;
  let text: string;
  try {
    text = await surroundings.readText(path);
  } catch (error) {
    throw new Failure(`${place} cannot be read: ${sentenceOf(error)}`, { cause: error });
  }
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new Failure(`${place} holds no JSON: ${sentenceOf(error)}`, { cause: error });
  }
  try {
    return fromJson(schema, isWrapped(value, wrapper) ? (value[wrapper] ?? null) : value);
  } catch (error) {
    throw new Failure(`${place} holds no ${wrapper}: ${sentenceOf(error)}`, { cause: error });
  }
}

function isWrapped(value: JsonValue, wrapper: string): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.hasOwn(value, wrapper);
}
