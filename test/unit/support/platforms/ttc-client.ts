import type { PlatformServer } from "../../../support/platforms/platform-server.ts";
import { TTC } from "../../../support/platforms/ttc.ts";
import { type Answered, ask } from "./asking.ts";

export async function aTtcToken(platform: PlatformServer): Promise<string> {
  const form = { grant_type: "client_credentials", client_id: "belfry", client_secret: "ttc-secret" };
  const { body } = await ask(platform, "POST", TTC.tokenPath, new URLSearchParams(form));
  return (body as { access_token: string }).access_token;
}

/** Of an answer whose outer code is 0; else there are none to speak of. */
export function errorIds({ body }: Answered): unknown {
  const { code, data } = body as { code: number; data: { errorIds: unknown } };
  return code === 0 ? data.errorIds : `outer code ${code}`;
}
