/** a token is fetched with the credentials of this system; when it is fetched, and how long it is kept, is the platform actor's business. */
import { isJsonObject } from "../../domain/json.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { PlatformAnswer, PlatformRequest, TokenProtocol, TokenVerdict } from "../../ports/platform/connector.ts";
import { addressOf } from "../address.ts";
import { numberOf, textOf } from "../read-settings.ts";
import type { Settings } from "../../ports/platform/setting.ts";
import { isTransient, readEnvelope } from "./envelope.ts";

export const abilityCenterToken: TokenProtocol = { requestOf, tokenOf };

function requestOf(settings: Settings): PlatformRequest {
  const url = addressOf(settings, [textOf(settings, "tokenPath")], {
    [textOf(settings, "appIdParameter")]: textOf(settings, "appId"),
    [textOf(settings, "appSecretParameter")]: textOf(settings, "appSecret"),
  });
  return { method: "GET", url, headers: {}, body: "" };
}

function tokenOf(answer: PlatformAnswer, settings: Settings): TokenVerdict {
  const envelope = readEnvelope(answer, "e");
  switch (envelope.kind) {
    case "ok":
      return tokenIn(envelope.body, settings);
    case "refused": {
      const kind = isTransient(envelope.code, settings) ? "transient" : "permanent";
      return { class: kind, code: envelope.code, message: withoutSecret(envelope.message, settings) };
    }
    case "failure": {
      const { class: kind, code, message } = envelope.verdict;
      return {
        class: kind === "transient" ? "transient" : "permanent",
        code,
        message: withoutSecret(message, settings),
      };
    }
    default:
      return envelope satisfies never;
  }
}

function tokenIn({ d: data = null }: JsonObject, settings: Settings): TokenVerdict {
  const { access_token: token, expires_in: seconds } = isJsonObject(data) ? data : {};
  if (typeof token !== "string" || token === "") {
    return { class: "transient", code: "BAD_ANSWER", message: "The platform's answer has no d.access_token." };
  }
  const told = Number(seconds ?? Number.NaN);
  const lifetime = Number.isFinite(told) && told > 0 ? told : numberOf(settings, "tokenLifetime");
  return { class: "ok", token, expiresInMs: Math.round(lifetime * 1000) };
}

/** The secret stands in the address, and addresses stand in messages. */
function withoutSecret(message: string, settings: Settings): string {
  const secret = textOf(settings, "appSecret");
  const asQuery = new URLSearchParams([["", secret]]).toString().slice(1);
  return secret === "" ? message : message.replaceAll(secret, "***").replaceAll(asQuery, "***");
}
