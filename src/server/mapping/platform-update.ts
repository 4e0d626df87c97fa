import { reflect } from "@bufbuild/protobuf/reflect";
import type { FieldMask } from "@bufbuild/protobuf/wkt";
import type { Json } from "../../domain/json.ts";
import type { PushPolicy } from "../../domain/platform/platform.ts";
import { PlatformSchema, PushPolicySchema, type Platform } from "../../gen/belfry/v1/platform_pb.ts";
import type { GivenPlatform } from "../../runtime/index.ts";
import { Findings } from "./findings.ts";
import { checkConnector, checkName, settingsOf, standsForOf, type PlatformReading } from "./platform.ts";
import { POLICY_FIELDS, pushPolicyOf } from "./push-policy.ts";

export interface PlatformUpdate {
  /** Settings that are null go back to their defaults, those that are left out stay. */
  readonly change: Partial<Omit<GivenPlatform, "policy">>;
  /** Each field is replaced as a whole; those that are left out stay. */
  readonly policy: Partial<PushPolicy>;
}

interface Named {
  readonly fields: Set<Field>;
  /** Settings that are named one by one. */
  readonly settings: Set<string>;
  readonly policy: Set<keyof PushPolicy>;
}

const FIELDS = ["name", "connector", "settings", "stands_for", "policy"] as const;
type Field = (typeof FIELDS)[number];

/** First number of what only the system sets. */
const OUTPUT_ONLY_FROM = 30;

/**
 * What an update of a platform asks for.
 *
 * @param mask paths in snake_case or lowerCamelCase, `*` for all. Unset or empty: what the message has set.
 * @throws BelfryError INVALID_FIELD naming every field that breaks a rule, PAYLOAD_TOO_LARGE.
 */
export function platformUpdateOf(
  platform: Platform,
  mask: FieldMask | undefined,
  reading: PlatformReading,
): PlatformUpdate {
  const findings = new Findings();
  const named = mask === undefined || mask.paths.length === 0 ? setFields(platform) : maskedFields(mask, findings);
  if (findings.isEmpty && named.fields.size + named.settings.size + named.policy.size === 0) {
    findings.add("platform", "has nothing to change: set a field, or name it in updateMask");
  }
  const { fields } = named;
  if (fields.has("name")) checkName(platform.name, findings);
  if (fields.has("connector")) checkConnector(platform.connector, reading, findings);
  const policy = pushPolicyOf(platform.policy, "platform.policy", findings);
  findings.throwIfAny();
  return {
    change: {
      ...(fields.has("name") && { name: platform.name }),
      ...(fields.has("connector") && { connector: platform.connector }),
      ...(fields.has("stands_for") && { standsFor: standsForOf(platform.standsFor) }),
      ...((fields.has("settings") || named.settings.size > 0) && { settings: namedSettings(platform, named, reading) }),
    },
    policy: Object.fromEntries([...named.policy].map((name) => [name, policy[name]])),
  };
}

function namedSettings(platform: Platform, named: Named, reading: PlatformReading): Record<string, Json> {
  const given = settingsOf(platform, reading);
  const settings: Record<string, Json> = named.fields.has("settings") ? { ...given } : {};
  for (const name of named.settings) settings[name] = given[name] ?? null;
  return settings;
}

function nothing(): Named {
  return { fields: new Set(), settings: new Set(), policy: new Set() };
}

function setFields(platform: Platform): Named {
  const named = nothing();
  const message = reflect(PlatformSchema, platform);
  for (const field of PlatformSchema.fields) {
    if (isField(field.name) && field.name !== "policy" && message.isSet(field)) named.fields.add(field.name);
  }
  if (platform.policy === undefined) return named;
  const policy = reflect(PushPolicySchema, platform.policy);
  for (const field of PushPolicySchema.fields) {
    const name = POLICY_FIELDS.get(field.name);
    if (name !== undefined && policy.isSet(field)) named.policy.add(name);
  }
  return named;
}

function maskedFields(mask: FieldMask, findings: Findings): Named {
  const named = nothing();
  mask.paths.forEach((path, index) => {
    const fault = path === "*" ? nameAll(named) : namePath(path, named);
    if (fault !== undefined) findings.add(`updateMask.paths[${index}]`, `"${path}" ${fault}`);
  });
  return named;
}

function nameAll(named: Named): undefined {
  for (const field of FIELDS) namePath(field, named);
}

/** @returns what is wrong with the path. */
function namePath(path: string, named: Named): string | undefined {
  const [first = "", second, ...deeper] = path.split(".");
  const field = PlatformSchema.fields.find((candidate) => candidate.name === first || candidate.jsonName === first);
  if (field === undefined) return "is not a field of a platform";
  if (field.name === "enabled") return "is changed by EnablePlatform and DisablePlatform";
  if (field.number >= OUTPUT_ONLY_FROM || !isField(field.name)) return "is set by the system and cannot be changed";
  if (second === undefined && field.name !== "policy") {
    named.fields.add(field.name);
    return undefined;
  }
  if (deeper.length > 0) return "goes too deep: each setting, and each field of the policy, is replaced as a whole";
  switch (field.name) {
    case "settings":
      // In JSON a mask is written in lowerCamelCase and read as snake_case, whatever it names.
      named.settings.add((second ?? "").replaceAll(/_(.)/gu, (_, letter: string) => letter.toUpperCase()));
      return undefined;
    case "policy":
      return namePolicy(second, named);
    default:
      return "has no fields of its own";
  }
}

function namePolicy(path: string | undefined, named: Named): string | undefined {
  const field = PushPolicySchema.fields.find(({ name: own, jsonName }) => own === path || jsonName === path);
  const chosen = path === undefined ? [...POLICY_FIELDS.values()] : [field && POLICY_FIELDS.get(field.name)];
  for (const each of chosen) {
    if (each === undefined) return "is not a field of a policy";
    named.policy.add(each);
  }
  return undefined;
}

function isField(field: string): field is Field {
  return (FIELDS as readonly string[]).includes(field);
}
