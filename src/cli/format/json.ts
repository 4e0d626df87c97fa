import { toJson } from "@bufbuild/protobuf";
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { writeLine } from "./screen.ts";
import type { Screen } from "./screen.ts";

/** Writes a message of the API as JSON, as the API itself would, but with all fields: `jq .definitions[]` works on an empty list too. */
export function writeJson<Desc extends DescMessage>(screen: Screen, schema: Desc, message: MessageShape<Desc>): void {
  writeLine(screen, JSON.stringify(toJson(schema, message, { alwaysEmitImplicit: true }), null, 2));
}

/** The same on one line, for streams. */
export function writeJsonLine<Desc extends DescMessage>(
  screen: Screen,
  schema: Desc,
  message: MessageShape<Desc>,
): void {
  writeLine(screen, JSON.stringify(toJson(schema, message, { alwaysEmitImplicit: true })));
}
