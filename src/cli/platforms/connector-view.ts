import { toJson } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { FormSchema } from "../../client/index.ts";
import type { Connector, ConnectorSetting } from "../../client/index.ts";
import type { Screen } from "../format/screen.ts";
import { writeTable } from "../format/table.ts";
import type { Column } from "../format/table.ts";
import { enumWord } from "../format/words.ts";

const CONNECTORS: readonly Column[] = [
  { title: "NAME" },
  { title: "TITLE", flexible: true },
  { title: "FOR" },
  { title: "REQUIRED SETTINGS", flexible: true },
];

const SETTINGS: readonly Column[] = [
  { title: "NAME" },
  { title: "TITLE", flexible: true },
  { title: "FORM" },
  { title: "DEFAULT", flexible: true },
  { title: "HELP", flexible: true },
];

export function writeConnectors(screen: Screen, connectors: readonly Connector[]): void {
  const rows = connectors.map(({ name, title, environments, settings }) => [
    name,
    title,
    environments.length === 0 ? "any" : environments.join(", "),
    settings
      .filter(isAsked)
      .map((setting) => setting.name)
      .join(", "),
  ]);
  writeTable(screen, CONNECTORS, rows);
}

export function writeSettings(screen: Screen, { settings }: Connector): void {
  const rows = settings.map((setting) => [
    setting.name,
    setting.title,
    enumWord(FormSchema, setting.form).toLowerCase(),
    isAsked(setting) ? "(required)" : defaultInWords(setting),
    setting.help,
  ]);
  writeTable(screen, SETTINGS, rows);
}

/** Whether a platform cannot be without it. */
function isAsked({ required, default: fallback }: ConnectorSetting): boolean {
  return required && (fallback === undefined || fallback.kind.case === "nullValue");
}

function defaultInWords({ default: fallback }: ConnectorSetting): string {
  if (fallback === undefined || fallback.kind.case === "nullValue") return "";
  const { kind } = fallback;
  return kind.case === "stringValue" ? kind.value : JSON.stringify(toJson(ValueSchema, fallback));
}
