import type { JsonObject } from "../../domain/json.ts";
import type { PlatformRecord } from "../../domain/platform/platform.ts";
import type { Platform, PlatformSchema } from "../../gen/belfry/v1/platform_pb.ts";
import { isSealed } from "../../ports/secret-box.ts";
import type { GivenPlatform, TaskCenters } from "../../runtime/index.ts";
import { etagOf } from "./definition.ts";
import { Findings } from "./findings.ts";
import type { Init } from "./init.ts";
import { dataOf, toStruct } from "./json.ts";
import { pushPolicyOf, toPushPolicy } from "./push-policy.ts";
import { toTimestamp } from "./time.ts";

export interface PlatformReading {
  readonly connectors: TaskCenters["connectors"];
  /** Bound of the settings. */
  readonly dataMaxBytes: number;
}

/**
 * A platform as it is to be created. Its settings are checked by the runtime.
 *
 * @throws BelfryError INVALID_FIELD naming every field that breaks a rule, PAYLOAD_TOO_LARGE.
 */
export function givenPlatformOf(platform: Platform, reading: PlatformReading): GivenPlatform {
  const findings = new Findings();
  const { name, connector, standsFor } = platform;
  checkName(name, findings);
  checkConnector(connector, reading, findings);
  const policy = pushPolicyOf(platform.policy, "platform.policy", findings);
  findings.throwIfAny();
  return { name, connector, settings: settingsOf(platform, reading), standsFor: standsForOf(standsFor), policy };
}

export function checkName(name: string, findings: Findings): void {
  if (name.trim() === "") findings.add("platform.name", "is required");
}

export function checkConnector(connector: string, { connectors }: PlatformReading, findings: Findings): void {
  if (connectors.has(connector)) return;
  const known = `there are ${[...connectors.keys()].toSorted().join(", ")}`;
  const fault = connector === "" ? `is required: ${known}` : `must be the name of a connector: ${known}`;
  findings.add("platform.connector", fault);
}

/** @throws BelfryError INVALID_FIELD, PAYLOAD_TOO_LARGE */
export function settingsOf({ settings }: Platform, { dataMaxBytes }: PlatformReading): JsonObject {
  const given = dataOf(settings, "platform.settings", dataMaxBytes) ?? {};
  const findings = new Findings();
  for (const [name, value] of Object.entries(given)) {
    // Else whoever got hold of a sealed secret could have it opened, and sent to a host of their own.
    if (typeof value === "string" && isSealed(value)) {
      findings.add(`platform.settings.${name}`, "must be given as it is, not as Belfry keeps it");
    }
  }
  findings.throwIfAny();
  return given;
}

export function standsForOf(standsFor: string): string | null {
  return standsFor === "" ? null : standsFor;
}

/** @param settings as they may be shown. */
export function toPlatform(record: PlatformRecord, settings: JsonObject): Init<typeof PlatformSchema> {
  return {
    id: record.id,
    name: record.name,
    connector: record.connector,
    settings: toStruct(settings),
    standsFor: record.standsFor ?? "",
    policy: toPushPolicy(record.policy),
    enabled: record.enabled,
    etag: etagOf(record.revision),
    createTime: toTimestamp(record.createdAt),
    updateTime: toTimestamp(record.updatedAt),
  };
}
