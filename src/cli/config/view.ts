import { toJson } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import type { Value } from "@bufbuild/protobuf/wkt";
import { ConfigSourceSchema } from "../../client/index.ts";
import type { Config, ConfigChange, ConfigRule, ResolveConfigResponse } from "../../client/index.ts";
import { writeLine } from "../format/screen.ts";
import type { Screen } from "../format/screen.ts";
import { writeFields, writeTable } from "../format/table.ts";
import type { Cell, Column } from "../format/table.ts";
import { moment } from "../format/time.ts";
import { enumWord } from "../format/words.ts";

const COLUMNS: readonly Column[] = [
  { title: "KEY" },
  { title: "USER" },
  { title: "VALUE" },
  { title: "FROM" },
  { title: "CHANGED" },
  { title: "WHAT IT IS", flexible: true },
];

const CHANGES: readonly Column[] = [
  { title: "WHEN" },
  { title: "BEFORE" },
  { title: "AFTER" },
  { title: "BY" },
  { title: "WHY", flexible: true },
];

export function writeConfigs(screen: Screen, configs: readonly Config[], now: number): void {
  if (configs.length === 0) return;
  const rows = configs.map((config): readonly Cell[] => [
    config.key,
    config.userId,
    inWords(config.value),
    sourceInWords(config),
    moment(config.updateTime, now),
    config.rule?.description ?? "",
  ]);
  writeTable(screen, COLUMNS, rows);
}

export function writeConfig(screen: Screen, config: Config, now: number): void {
  const { key, userId, value, rule, updateTime, updatedBy, etag } = config;
  writeFields(screen, [
    ["key", key],
    ["user", userId],
    ["value", inWords(value)],
    ["from", sourceInWords(config)],
    ["what it is", rule?.description],
    ["may be", rule && allowedInWords(rule)],
    ["changed", moment(updateTime, now)],
    ["changed by", updatedBy],
    ["etag", etag],
  ]);
}

export function writeChanges(screen: Screen, changes: readonly ConfigChange[], now: number): void {
  if (changes.length === 0) return;
  const rows = changes.map(({ changeTime, before, after, changedBy, reason }): readonly Cell[] => [
    moment(changeTime, now),
    inWords(before),
    inWords(after),
    changedBy,
    reason,
  ]);
  writeLine(screen, "");
  writeTable(screen, CHANGES, rows);
}

export function writeResolved(screen: Screen, { value, source }: ResolveConfigResponse): void {
  writeFields(screen, [
    ["value", inWords(value)],
    ["from", enumWord(ConfigSourceSchema, source)],
  ]);
}

/** The source, and the variable where it is one. */
function sourceInWords({ source, rule }: Config): string {
  const word = enumWord(ConfigSourceSchema, source);
  return word === "ENVIRONMENT" ? `${word} (${rule?.environmentVariable ?? ""})` : word;
}

function allowedInWords({ minimum, maximum, defaultValue, userScopeAllowed }: ConfigRule): string {
  const bounds = minimum === undefined ? "" : `${minimum} to ${maximum}, `;
  return `${bounds}${inWords(defaultValue)} by default${userScopeAllowed ? "; users may have their own" : ""}`;
}

/** `30`, `true`, `0 2 * * *`; `-` where there is none. */
function inWords(value: Value | undefined): string {
  const json = value === undefined ? null : toJson(ValueSchema, value);
  if (json === null) return "-";
  return typeof json === "string" ? json : JSON.stringify(json);
}
