/** 金智任务中心. */
import type { Connector } from "../../ports/platform/connector.ts";
import { readerOf, textOf } from "../read-settings.ts";
import { headerNameFaults, headerValueFaults, sameNameFaults } from "../sent-names.ts";
import { plan, repairOf } from "./plan.ts";
import { requestOf, token, verdictOf } from "./protocol.ts";
import { SETTINGS } from "./settings.ts";

export const jinzhi: Connector = {
  name: "jinzhi",
  title: "金智任务中心",
  capability: "任务中心",
  category: "任务中心",
  environments: [],
  settings: SETTINGS,
  read: readerOf(SETTINGS, (settings) =>
    textOf(settings, "credentialsIn") === "query"
      ? sameNameFaults(settings, ["appIdName", "tokenName"])
      : [...headerNameFaults(settings, ["appIdName", "tokenName"]), ...headerValueFaults(settings, ["appId"])],
  ),
  plan,
  token,
  requestOf,
  verdictOf,
  repairOf,
};
