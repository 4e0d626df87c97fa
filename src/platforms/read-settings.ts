/** Reading settings as they were given: checked against what the connector asks for, defaults filled in. */
import type { Json, JsonObject } from "../domain/json.ts";
import type { Violation } from "../domain/violation.ts";
import { isTimeZone } from "./local-time.ts";
import type { Connector, SettingsRead } from "../ports/platform/connector.ts";
import type { SettingForm, SettingSpec, Settings } from "../ports/platform/setting.ts";

const MAX_TEXT = 4096;
const MAX_ENTRIES = 500;

/**
 * What reads the settings of a connector.
 *
 * @param rules what is wrong between settings of which each is right in itself.
 */
export function readerOf(
  specs: readonly SettingSpec[],
  rules: (settings: Settings) => readonly Violation[] = () => [],
): Connector["read"] {
  return (given) => {
    const { settings, violations } = readSettings(specs, given);
    return { settings, violations: violations.length > 0 ? violations : rules(settings) };
  };
}

function readSettings(specs: readonly SettingSpec[], given: JsonObject): SettingsRead {
  const violations: Violation[] = [];
  const refuse = (name: string, description: string): void => {
    violations.push({ field: `settings.${name}`, description });
  };
  const known = new Set(specs.map(({ name }) => name));
  for (const name of Object.keys(given)) {
    if (!known.has(name)) refuse(name, `is no setting of this connector; it has ${[...known].join(", ")}`);
  }
  const settings: Record<string, Json> = {};
  for (const spec of specs) {
    const value = given[spec.name] ?? null;
    const broken = value === null ? null : faultOf(spec, value);
    if (broken !== null) refuse(spec.name, broken);
    const isMissing = value === null || value === "";
    if (isMissing && spec.required && spec.default === null) refuse(spec.name, "is required");
    settings[spec.name] = isMissing ? spec.default : value;
  }
  return { settings, violations };
}

function faultOf({ form, options, isUrl }: SettingSpec, value: Json): string | null {
  const allowed = options?.map((option) => option.value) ?? null;
  const isAllowed = (each: string): boolean => allowed === null || allowed.includes(each);
  const ofThese = allowed === null ? "" : `, each of ${allowed.join(", ")}`;
  switch (form) {
    case "TEXT":
    case "PASSWORD":
      if (!isText(value)) return `must be a text of at most ${MAX_TEXT} characters`;
      return isUrl !== true || value === "" || isBaseUrl(value) ? null : "must be an http or https URL without a query";
    case "NUMBER":
      return typeof value === "number" && Number.isFinite(value) && value >= 0 ? null : "must be a number from 0";
    case "SWITCH":
      return typeof value === "boolean" ? null : "must be true or false";
    case "SELECT":
      return isText(value) && isAllowed(value) ? null : `must be one of ${(allowed ?? []).join(", ")}`;
    case "LIST":
      return Array.isArray(value) &&
        value.length <= MAX_ENTRIES &&
        value.every((each: Json) => isText(each) && isAllowed(each))
        ? null
        : `must be a list of at most ${MAX_ENTRIES} texts${ofThese}`;
    case "MAP":
      return isMap(value) && Object.keys(value).every(isAllowed)
        ? null
        : `must be a map of at most ${MAX_ENTRIES} texts to texts${allowed === null ? "" : `, the former of ${allowed.join(", ")}`}`;
    case "TIME_ZONE":
      return isText(value) && isTimeZone(value) ? null : "must be the IANA name of a time zone, as in Asia/Shanghai";
    default:
      return form satisfies never;
  }
}

function isText(value: Json | undefined): value is string {
  return typeof value === "string" && value.length <= MAX_TEXT;
}

/** Paths are put below it, so nothing may stand behind its own; and credentials have settings of their own. */
function isBaseUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/u.test(url.protocol) && !/[?#]/u.test(text) && url.username + url.password === "";
}

function isMap(value: Json): value is JsonObject {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).length <= MAX_ENTRIES &&
    Object.values(value).every(isText)
  );
}

function valueOf(settings: Settings, name: string, form: SettingForm): Json {
  const value = settings[name];
  if (value === undefined) {
    throw new Error(`A connector asks for the setting "${name}" (${form}), which it does not describe`);
  }
  return value;
}

/** Empty when nothing is set. */
export function textOf(settings: Settings, name: string): string {
  const value = valueOf(settings, name, "TEXT");
  return typeof value === "string" ? value : "";
}

export function numberOf(settings: Settings, name: string): number {
  return Number(valueOf(settings, name, "NUMBER"));
}

export function isOn(settings: Settings, name: string): boolean {
  return valueOf(settings, name, "SWITCH") === true;
}

export function listOf(settings: Settings, name: string): readonly string[] {
  const value = valueOf(settings, name, "LIST");
  return Array.isArray(value) ? value.map(String) : [];
}

export function mapOf(settings: Settings, name: string): Readonly<Record<string, string>> {
  const value = valueOf(settings, name, "MAP");
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, string>) : {};
}
