/** cppu: a university's own task centre, which takes the body of 能力中心 and signed requests instead of a token. */
import { createHmac } from "node:crypto";
import { isTransient, readEnvelope, saysUnknown } from "../ability_center/envelope.ts";
import { planPush } from "../ability_center/plan.ts";
import { addressOf } from "../address.ts";
import type {
  Connector,
  Operation,
  PlatformAnswer,
  PlatformRequest,
  PlatformVerdict,
} from "../../ports/platform/connector.ts";
import type { RequestContext } from "../../ports/platform/connector.ts";
import { readerOf, textOf } from "../read-settings.ts";
import { headerNameFaults, headerValueFaults } from "../sent-names.ts";
import type { Settings } from "../../ports/platform/setting.ts";
import { CPPU_SETTINGS } from "./settings.ts";

export const cppu: Connector = {
  name: "cppu",
  title: "cppu 任务中心",
  capability: "任务中心",
  category: "任务中心",
  environments: ["cppu"],
  settings: CPPU_SETTINGS,
  read: readerOf(CPPU_SETTINGS, (settings) => [
    ...headerNameFaults(settings, ["appCodeHeader", "timestampHeader", "signHeader"]),
    ...headerValueFaults(settings, ["appCode"]),
  ]),
  plan: planPush,
  token: null,
  requestOf,
  verdictOf,
  repairOf: () => [],
};

function requestOf({ kind, body }: Operation, { settings, at }: RequestContext): PlatformRequest {
  const path = textOf(settings, isDeletion(kind) ? "deletePath" : "pushPath");
  const appCode = textOf(settings, "appCode");
  const timestamp = String(textOf(settings, "timestampUnit") === "seconds" ? Math.floor(at / 1000) : at);
  const text = JSON.stringify(body);
  return {
    method: "POST",
    url: addressOf(settings, [path]),
    headers: {
      "Content-Type": "application/json",
      [textOf(settings, "appCodeHeader")]: appCode,
      [textOf(settings, "timestampHeader")]: timestamp,
      [textOf(settings, "signHeader")]: signatureOf(textOf(settings, "secret"), appCode + timestamp + text),
    },
    body: text,
  };
}

function signatureOf(secret: string, text: string): string {
  return createHmac("sha256", secret).update(text).digest("hex");
}

function verdictOf({ kind }: Operation, answer: PlatformAnswer, settings: Settings): PlatformVerdict {
  const envelope = readEnvelope(answer, "code");
  switch (envelope.kind) {
    case "ok":
      return { class: "ok" };
    case "failure": {
      const { verdict } = envelope;
      // There is no token that could be fetched anew: who is refused here has a wrong code or secret.
      return verdict.class === "auth" ? { ...verdict, class: "permanent" } : verdict;
    }
    case "refused": {
      const { code, message } = envelope;
      if (isDeletion(kind) && saysUnknown(message, settings)) {
        return { class: "ok" };
      }
      return { class: isTransient(code, settings) ? "transient" : "permanent", code, message };
    }
    default:
      return envelope satisfies never;
  }
}

function isDeletion(kind: string): boolean {
  return kind === "delete_task" || kind === "delete_instance";
}
