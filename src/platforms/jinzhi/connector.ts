/** 金智任务中心. */
import type { Connector } from "../connector.ts";
import { plan, repairOf } from "./plan.ts";
import { requestOf, token, verdictOf } from "./protocol.ts";
import { SETTINGS } from "./settings.ts";

export const jinzhi: Connector = {
  name: "jinzhi",
  title: "金智任务中心",
  capability: "任务中心",
  category: "任务中心",
  settings: SETTINGS,
  plan,
  token,
  requestOf,
  verdictOf,
  repairOf,
};
