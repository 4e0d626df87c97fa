/** The token: OAuth2, client credentials. */
import type { JsonObject } from "../../domain/json.ts";
import { addressOf } from "../address.ts";
import { readAnswer } from "../answer.ts";
import type { PlatformAnswer, TokenProtocol, TokenVerdict } from "../../ports/platform/connector.ts";
import { textOf } from "../read-settings.ts";

/** RFC 6749 does not make a platform say how long its token holds. */
const DEFAULT_LIFETIME_S = 3600;
/** Of RFC 6749: those that pass. */
const PASSING_ERRORS: ReadonlySet<string> = new Set(["server_error", "temporarily_unavailable"]);
const MAX_MESSAGE = 500;

export const oauth2Token: TokenProtocol = {
  requestOf(settings) {
    const scope = textOf(settings, "scope");
    const form = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: textOf(settings, "clientId"),
      client_secret: textOf(settings, "clientSecret"),
      ...(scope === "" ? {} : { scope }),
    });
    return {
      method: "POST",
      url: addressOf(settings, [textOf(settings, "tokenPath")]),
      headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
      body: form.toString(),
    };
  },

  tokenOf(answer) {
    const read = readAnswer(answer);
    if (read.kind === "failure") {
      const { code, message } = read.verdict;
      return (
        refusalIn(answer) ?? { class: read.verdict.class === "transient" ? "transient" : "permanent", code, message }
      );
    }
    const token = read.body["access_token"];
    if (typeof token !== "string" || token === "") {
      const message = "The platform answered without an access token.";
      return refusalOf(read.body) ?? { class: "transient", code: "BAD_ANSWER", message };
    }
    const lifetime = Number(read.body["expires_in"] ?? DEFAULT_LIFETIME_S);
    const seconds = Number.isFinite(lifetime) && lifetime > 0 ? lifetime : DEFAULT_LIFETIME_S;
    return { class: "ok", token, expiresInMs: seconds * 1000 };
  },
};

/** `{error, error_description}`, which comes with a 400 or 401. */
function refusalIn(answer: PlatformAnswer): TokenVerdict | null {
  const isRefusal = answer.kind === "answered" && (answer.status === 400 || answer.status === 401);
  const read = isRefusal ? readAnswer({ ...answer, status: 200 }) : null;
  return read?.kind === "json" ? refusalOf(read.body) : null;
}

function refusalOf({ error, error_description: description }: JsonObject): TokenVerdict | null {
  if (typeof error !== "string" || error === "") {
    return null;
  }
  const message = typeof description === "string" && description !== "" ? description : "The platform gave no token.";
  const kind = PASSING_ERRORS.has(error) ? "transient" : "permanent";
  return { class: kind, code: error, message: message.slice(0, MAX_MESSAGE) };
}
