import type { Config } from "../../config/index.ts";
import { addressRange } from "../../domain/network/address-range.ts";
import type { Clock } from "../../ports/clock.ts";
import type { SecretBox } from "../../ports/secret-box.ts";
import type { WebhookClient } from "../../ports/webhook-client.ts";
import { createWebhookClient } from "../../system/http/webhook-client.ts";
import { createSecretBox, secretKey } from "../../system/secret-box.ts";
import { secretKeys } from "./secret-keys.ts";

/** What a node delivers webhooks with. */
export interface Webhooks {
  readonly client: WebhookClient;
  readonly box: SecretBox;
}

/** @throws Failure when the key of the embedded database cannot be used. */
export async function openWebhooks(config: Config, clock: Clock): Promise<Webhooks> {
  const { allowedTargets, ca } = config.webhooks;
  const box = createSecretBox((await secretKeys(config)).map(secretKey));
  const client = createWebhookClient({
    clock,
    allowPrivate: allowedTargets.map(addressRange),
    ...(ca === undefined ? {} : { ca }),
  });
  return { client, box };
}
