import { fromJson, toJson, type JsonValue } from "@bufbuild/protobuf";
import { ValueSchema, type Value } from "@bufbuild/protobuf/wkt";
import { configRule, variableOfConfig, type ConfigKey, type ConfigValue } from "../../domain/config/config-key.ts";
import type { ConfigScope as Scope } from "../../domain/config/config-place.ts";
import type { ConfigChange as Change } from "../../domain/config/config-record.ts";
import { etagOfConfig } from "../../domain/config/decide.ts";
import type { Json } from "../../domain/json.ts";
import {
  ConfigScope,
  ConfigSource,
  ConfigType,
  type ConfigChangeSchema,
  type ConfigRuleSchema,
  type ConfigSchema,
} from "../../gen/belfry/v1/config_pb.ts";
import type { ConfigView, GivenPlace } from "../../runtime/index.ts";
import { nameIn } from "./enumeration.ts";
import type { Init } from "./init.ts";
import { toTimestamp } from "./time.ts";

/** The place that a request names. Without a scope the user's, when it names one. */
export function placeOf(request: {
  readonly scope: ConfigScope;
  readonly userId: string;
  readonly key: string;
}): GivenPlace {
  const { userId, key } = request;
  const scope: Scope = nameIn(ConfigScope, request.scope) ?? (userId === "" ? "GLOBAL" : "USER");
  return { scope, userId, key };
}

/** Any JSON; what is no JSON (NaN) is null, which no key takes. */
export function jsonOf(value: Value): Json {
  const { kind } = value;
  return kind.case === undefined || (kind.case === "numberValue" && !Number.isFinite(kind.value))
    ? null
    : (toJson(ValueSchema, value) as Json);
}

export function toValue(value: ConfigValue): Value {
  return fromJson(ValueSchema, value as JsonValue);
}

export function toConfig({ place, value, source, record }: ConfigView): Init<typeof ConfigSchema> {
  const { scope, userId, key } = place;
  return {
    scope: ConfigScope[scope],
    userId,
    key,
    value: toValue(value),
    source: ConfigSource[source],
    etag: etagOfConfig(record),
    rule: toRule(key),
    ...(record !== null && {
      createTime: toTimestamp(record.createdAt),
      updateTime: toTimestamp(record.updatedAt),
      updatedBy: record.updatedBy,
    }),
  };
}

export function toConfigChange(change: Change): Init<typeof ConfigChangeSchema> {
  const { scope, userId, key, before, after, changedBy, reason, at, revision } = change;
  return {
    scope: ConfigScope[scope],
    userId,
    key,
    before: before === null ? undefined : toValue(before),
    after: after === null ? undefined : toValue(after),
    changedBy,
    reason,
    changeTime: toTimestamp(at),
    revision: BigInt(revision),
  };
}

function toRule(key: ConfigKey): Init<typeof ConfigRuleSchema> {
  const rule = configRule(key);
  const { kind, fallback, forUsers, description } = rule;
  return {
    type: ConfigType[kind],
    ...(rule.kind === "INTEGER" && { minimum: BigInt(rule.least), maximum: BigInt(rule.most) }),
    defaultValue: toValue(fallback),
    userScopeAllowed: forUsers,
    description,
    environmentVariable: variableOfConfig(key),
  };
}
