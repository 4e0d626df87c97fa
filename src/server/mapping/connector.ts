import { fromJson } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { Form, type ConnectorSchema, type ConnectorSettingSchema } from "../../gen/belfry/v1/platform_pb.ts";
import type { Connector } from "../../ports/platform/connector.ts";
import type { SettingSpec } from "../../ports/platform/setting.ts";
import type { Init } from "./init.ts";

export function toConnector(connector: Connector): Init<typeof ConnectorSchema> {
  const { name, title, capability, category, environments, settings } = connector;
  return { name, title, capability, category, environments: [...environments], settings: settings.map(toSetting) };
}

function toSetting(spec: SettingSpec): Init<typeof ConnectorSettingSchema> {
  const { name, title, form, required, secret, options = [], help } = spec;
  return {
    name,
    title,
    form: Form[form],
    required,
    secret,
    default: fromJson(ValueSchema, spec.default as Parameters<typeof fromJson>[1]),
    options: options.map((option) => ({ ...option })),
    help,
  };
}
