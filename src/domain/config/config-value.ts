import { isJsonObject } from "../json.ts";
import type { Json } from "../json.ts";
import type { Schedule } from "../schedule/schedule.ts";
import { validateSchedule } from "../schedule/validate.ts";
import { isKnownTimeZone } from "../schedule/zone.ts";
import { configRule } from "./config-key.ts";
import type { ConfigKey, ConfigRule, ConfigValue } from "./config-key.ts";

export type ConfigReading =
  | { readonly kind: "value"; readonly value: ConfigValue }
  /** `description` continues "it …": `must be a whole number from 1 to 3650`. */
  | { readonly kind: "wrong"; readonly description: string };

/** Checks a value of a key. One that stands under its own key, `{"retention_days": 30}`, is taken out of there, as the source does. */
export function readConfigValue(key: ConfigKey, given: Json): ConfigReading {
  const rule = configRule(key);
  const value = bare(key, given);
  switch (rule.kind) {
    case "INTEGER":
      return typeof value === "number" && Number.isInteger(value) && value >= rule.least && value <= rule.most
        ? { kind: "value", value }
        : mustBe(rule);
    case "BOOLEAN":
      return typeof value === "boolean" ? { kind: "value", value } : mustBe(rule);
    case "TIME_ZONE":
      return typeof value === "string" && isKnownTimeZone(value) ? { kind: "value", value } : mustBe(rule);
    case "CRONTAB":
      return typeof value === "string" ? readCrontab(value.trim(), rule) : mustBe(rule);
  }
}

/** The same for a value that is written as text, where there is no JSON: in the environment. */
export function readConfigText(key: ConfigKey, text: string): ConfigReading {
  const { kind } = configRule(key);
  if (kind === "INTEGER") {
    return readConfigValue(key, /^\d{1,9}$/.test(text) ? Number(text) : text);
  }
  return readConfigValue(key, kind === "BOOLEAN" && /^(?:true|false)$/.test(text) ? text === "true" : text);
}

/** What a value must be; continues "must be …". */
export function allowedInWords(rule: ConfigRule): string {
  switch (rule.kind) {
    case "INTEGER":
      return `a whole number from ${rule.least} to ${rule.most}`;
    case "BOOLEAN":
      return "true or false";
    case "CRONTAB":
      return `a cron expression, such as ${rule.fallback}`;
    case "TIME_ZONE":
      return "an IANA time zone, such as UTC or Asia/Shanghai";
  }
}

function mustBe(rule: ConfigRule): ConfigReading {
  return { kind: "wrong", description: `must be ${allowedInWords(rule)}` };
}

function bare(key: ConfigKey, given: Json): Json | undefined {
  return isJsonObject(given) ? given[key] : given;
}

/** What schedules take, the crontab of a maintenance task can be; and nothing else. */
function readCrontab(expression: string, rule: ConfigRule): ConfigReading {
  const [violation] = validateSchedule({ ...ANY_TIME, timing: { kind: "cron", expressions: [expression] } });
  return violation === undefined
    ? { kind: "value", value: expression }
    : { kind: "wrong", description: `must be ${allowedInWords(rule)}: ${violation.description}` };
}

const ANY_TIME: Omit<Schedule, "timing"> = {
  timeZone: "UTC",
  anchorAt: 0,
  jitterMs: 0,
  excludedDates: [],
  exclusions: [],
  gapPolicy: "SKIP",
  foldPolicy: "ONCE",
};
