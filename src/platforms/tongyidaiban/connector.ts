/** 统一待办. */
import type { Connector } from "../connector.ts";
import type { Settings } from "../setting.ts";
import { plan } from "./plan.ts";
import { requestOf, token, verdictOf } from "./protocol.ts";
import { retriesOf } from "./retries.ts";
import type { Retries } from "./retries.ts";
import { SETTINGS } from "./settings.ts";

export const tongyidaiban: Connector & { retriesOf(settings: Settings): Retries } = {
  name: "tongyidaiban",
  title: "统一待办",
  capability: "任务中心",
  category: "任务中心",
  settings: SETTINGS,
  plan,
  token,
  requestOf,
  verdictOf,
  // An upsert finds what it is about, or makes it.
  repairOf: () => [],
  retriesOf,
};
