/** 统一待办. */
import type { Connector } from "../../ports/platform/connector.ts";
import { readerOf } from "../read-settings.ts";
import { headerNameFaults, headerValueFaults } from "../sent-names.ts";
import { plan } from "./plan.ts";
import { requestOf, token, verdictOf } from "./protocol.ts";
import { retriesOf, retryFaults } from "./retries.ts";
import { SETTINGS } from "./settings.ts";

export const tongyidaiban = {
  name: "tongyidaiban",
  title: "统一待办",
  capability: "任务中心",
  category: "任务中心",
  environments: [],
  settings: SETTINGS,
  read: readerOf(SETTINGS, (settings) => [
    ...headerNameFaults(settings, ["tokenHeader"]),
    ...headerValueFaults(settings, ["tokenPrefix"]),
    ...retryFaults(settings),
  ]),
  plan,
  token,
  requestOf,
  verdictOf,
  // An upsert finds what it is about, or makes it.
  repairOf: () => [],
  retriesOf,
} satisfies Connector;
