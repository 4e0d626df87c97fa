/** 能力中心: a task centre that stands on its own and takes every push as one upsert of an instance with a task. */
import type {
  Connector,
  Operation,
  PlatformAnswer,
  PlatformRequest,
  PlatformVerdict,
} from "../../ports/platform/connector.ts";
import type { RequestContext } from "../../ports/platform/connector.ts";
import { addressOf } from "../address.ts";
import { listOf, readerOf, textOf } from "../read-settings.ts";
import { sameNameFaults } from "../sent-names.ts";
import type { Settings } from "../../ports/platform/setting.ts";
import { holdsOneOf, isTransient, readEnvelope, saysUnknown } from "./envelope.ts";
import { planPush } from "./plan.ts";
import { ABILITY_CENTER_SETTINGS } from "./settings.ts";
import { abilityCenterToken } from "./token.ts";

export const abilityCenter: Connector = {
  name: "ability_center",
  title: "能力中心",
  capability: "任务中心",
  category: "任务中心",
  environments: [],
  settings: ABILITY_CENTER_SETTINGS,
  read: readerOf(ABILITY_CENTER_SETTINGS, (settings) =>
    sameNameFaults(settings, ["appIdParameter", "appSecretParameter"]),
  ),
  plan: planPush,
  token: abilityCenterToken,
  requestOf,
  verdictOf,
  // An upsert makes what it does not find.
  repairOf: () => [],
};

/** */
function requestOf({ kind, body }: Operation, { settings, token }: RequestContext): PlatformRequest {
  const isDeletion = kind === "delete_task" || kind === "delete_instance";
  const path = textOf(settings, isDeletion ? "deletePath" : "pushPath");
  return {
    method: "POST",
    url: addressOf(settings, [path], { [textOf(settings, "accessTokenParameter")]: token }),
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
}

/** */
function verdictOf({ kind }: Operation, answer: PlatformAnswer, settings: Settings): PlatformVerdict {
  const envelope = readEnvelope(answer, "e");
  switch (envelope.kind) {
    case "ok":
      return { class: "ok" };
    case "failure":
      return envelope.verdict;
    case "refused": {
      const { code, message } = envelope;
      if (listOf(settings, "authCodes").includes(code) || holdsOneOf(message, listOf(settings, "authMessages"))) {
        return { class: "auth", code, message };
      }
      if ((kind === "delete_task" || kind === "delete_instance") && saysUnknown(message, settings)) {
        return { class: "ok" };
      }
      return { class: isTransient(code, settings) ? "transient" : "permanent", code, message };
    }
    default:
      return envelope satisfies never;
  }
}
