import { create, type DescField } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import type { FieldMask } from "@bufbuild/protobuf/wkt";
import type { DestinationSettings } from "../../domain/webhook/destination.ts";
import { DestinationSettingsSchema, type Destination } from "../../gen/belfry/v1/dispatch_pb.ts";
import { destinationSettingsOf } from "./destination.ts";
import { Findings } from "./findings.ts";

export interface DestinationUpdate {
  /** Each setting is replaced as a whole, so that what is asked for does not depend on what is there; those that are not named are left out. */
  readonly change: Partial<DestinationSettings>;
  /** Undefined: as it is. */
  readonly isolated: boolean | undefined;
}

/** What each setting of the schema is called in the domain. */
const SETTINGS: Readonly<Record<string, keyof DestinationSettings>> = {
  max_concurrent: "maxConcurrent",
  rate_limit: "rate",
  breaker: "breaker",
  connect_timeout: "connectMs",
  headers_timeout: "headersMs",
  success_rules: "successRules",
  disable_after: "disableAfterMs",
};

/**
 * What an update of a destination asks for.
 *
 * @param mask unset or empty: the settings that the message has set, and `isolated` when it is true.
 * @throws BelfryError INVALID_FIELD naming every field that breaks a rule.
 */
export function destinationUpdateOf(destination: Destination, mask: FieldMask | undefined): DestinationUpdate {
  const findings = new Findings();
  const given = destination.settings ?? create(DestinationSettingsSchema);
  const settings = destinationSettingsOf(given, "destination.settings", findings);
  const named = mask === undefined || mask.paths.length === 0 ? setFields(destination) : maskedFields(mask, findings);
  if (named.size === 0 && findings.isEmpty)
    findings.add("destination", "has nothing to change: set settings or isolated, or name them in updateMask");
  findings.throwIfAny();
  const changed = Object.values(SETTINGS).filter((name) => named.has(name));
  return {
    change: Object.fromEntries(changed.map((name) => [name, settings[name]])),
    isolated: named.has("isolated") ? destination.isolated : undefined,
  };
}

type Named = ReadonlySet<keyof DestinationSettings | "isolated">;

function setFields({ settings, isolated }: Destination): Named {
  const named = new Set<keyof DestinationSettings | "isolated">();
  if (isolated) named.add("isolated");
  if (settings === undefined) return named;
  const message = reflect(DestinationSettingsSchema, settings);
  for (const field of DestinationSettingsSchema.fields) if (message.isSet(field)) named.add(settingOf(field));
  return named;
}

function maskedFields(mask: FieldMask, findings: Findings): Named {
  const named = new Set<keyof DestinationSettings | "isolated">();
  mask.paths.forEach((path, index) => {
    const [first = "", name, ...rest] = path.split(".");
    const report = (why: string): void => findings.add(`updateMask.paths[${index}]`, `"${path}" ${why}`);
    if (path === "*" || path === "isolated") named.add("isolated");
    if (path === "*" || path === "settings") for (const setting of Object.values(SETTINGS)) named.add(setting);
    if (path === "*" || path === "isolated" || path === "settings") return;
    const field =
      first === "settings" ? DestinationSettingsSchema.fields.find((each) => isCalled(each, name)) : undefined;
    if (field === undefined) report("is no setting of a destination");
    else if (rest.length > 0)
      report(`is a part of a setting, which is replaced as a whole: name settings.${field.name}`);
    else named.add(settingOf(field));
  });
  return named;
}

function isCalled(field: DescField, name: string | undefined): boolean {
  return field.name === name || field.jsonName === name;
}

function settingOf({ name }: DescField): keyof DestinationSettings {
  const setting = SETTINGS[name];
  if (setting === undefined) throw new Error(`Nothing here knows the setting ${name} of the schema`);
  return setting;
}
