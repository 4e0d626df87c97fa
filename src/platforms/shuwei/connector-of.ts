/** A connector of one version of 树维. */
import type { Connector } from "../../ports/platform/connector.ts";
import { readerOf } from "../read-settings.ts";
import { headerNameFaults, headerValueFaults } from "../sent-names.ts";
import { planOf } from "./plan.ts";
import { repairOf } from "./repair.ts";
import { requestOf } from "./request.ts";
import { oauth2Token } from "./token.ts";
import { verdictOf } from "./verdict.ts";
import type { Version } from "./version.ts";

export function connectorOf(
  { name, title, settings }: Pick<Connector, "name" | "title" | "settings">,
  version: Version,
): Connector {
  return {
    name,
    title,
    capability: "任务中心",
    category: "任务中心",
    environments: [],
    settings,
    read: readerOf(settings, (given) => [
      ...headerNameFaults(given, ["authorizationHeader"]),
      ...headerValueFaults(given, ["authorizationPrefix"]),
    ]),
    token: oauth2Token,
    plan: (facts, given) => planOf(version, facts, given),
    requestOf: (operation, context) => requestOf(version, operation, context),
    verdictOf,
    repairOf: (operation, facts, given) => repairOf(version, operation, facts, given),
  };
}
