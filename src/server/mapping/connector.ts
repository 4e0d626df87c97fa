import { fromJson } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import {
  Form,
  SettingType,
  type ConnectorSchema,
  type ConnectorSettingSchema,
} from "../../gen/belfry/v1/platform_pb.ts";
import type { Connector } from "../../ports/platform/connector.ts";
import type { SettingForm, SettingSpec } from "../../ports/platform/setting.ts";
import type { Init } from "./init.ts";

export function toConnector(connector: Connector): Init<typeof ConnectorSchema> {
  const { name, title, capability, category, environments, settings } = connector;
  return { name, title, capability, category, environments: [...environments], settings: settings.map(toSetting) };
}

const TYPES = {
  TEXT: SettingType.STRING,
  PASSWORD: SettingType.STRING,
  NUMBER: SettingType.NUMBER,
  SWITCH: SettingType.BOOLEAN,
  SELECT: SettingType.STRING,
  LIST: SettingType.LIST,
  MAP: SettingType.MAP,
  TIME_ZONE: SettingType.TIME_ZONE,
} as const satisfies Record<SettingForm, SettingType>;

function toSetting(spec: SettingSpec): Init<typeof ConnectorSettingSchema> {
  const { name, title, form, isUrl, required, secret, options = [], help } = spec;
  return {
    name,
    title,
    form: Form[form],
    type: isUrl === true ? SettingType.URL : TYPES[form],
    required,
    secret,
    default: fromJson(ValueSchema, spec.default as Parameters<typeof fromJson>[1]),
    options: options.map((option) => ({ ...option })),
    help,
  };
}
