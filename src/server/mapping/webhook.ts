/** Actions that deliver to webhooks: checked, their secrets sealed before anything else gets them, and masked in whatever is shown. */
import type { WebhookAction } from "../../domain/action.ts";
import { isSensitive, MASK } from "../../domain/webhook/masking.ts";
import { originOf } from "../../domain/webhook/origin.ts";
import { normalWebhookUrl } from "../../domain/webhook/url.ts";
import { webhookViolations } from "../../domain/webhook/webhook-action.ts";
import type {
  WebhookAction as ProtoWebhook,
  WebhookActionSchema,
  WebhookCallback,
} from "../../gen/belfry/v1/action_pb.ts";
import type { SecretBox } from "../../ports/secret-box.ts";
import { Findings } from "./findings.ts";
import type { Init } from "./init.ts";
import { durationOf, toDuration } from "./time.ts";

/** What reading a webhook takes beside the request. */
export interface WebhookReading {
  readonly box: SecretBox;
  /** Why no request may go to this URL; null: nothing is known against it. */
  refusal(url: string): string | null;
  /** What is there already: where an update shows a mask, its secrets stay. */
  readonly stored?: WebhookAction | undefined;
}

const DEFAULT_CALLBACK_MS = 24 * 3_600_000;
const CALLBACK_RULE = { minMs: 1000, maxMs: 30 * 24 * 3_600_000 };

/**
 * The action with its secrets sealed.
 *
 * @param pathOf where a field of the action (`url`, `headers["X-Team"]`, `callback.timeout`) stands in the request.
 * @throws BelfryError SECRET_KEY_MISSING when there is something to seal and nothing to seal it with.
 */
export function webhookActionOf(
  {
    url,
    headers,
    secret,
    taskType,
    callback,
  }: Pick<ProtoWebhook, "url" | "headers" | "secret" | "taskType"> & {
    readonly callback?: Pick<WebhookCallback, "required" | "timeout"> | undefined;
  },
  pathOf: (field: string) => string,
  findings: Findings,
  reading: WebhookReading,
): WebhookAction {
  const own = new Findings();
  const given: WebhookAction = {
    kind: "webhook",
    url,
    headers,
    secret,
    taskType,
    callback: callback === undefined ? null : callbackOf(callback, pathOf, own),
  };
  const kept = keptSecrets(given, reading.stored);
  for (const { name, why } of kept.refused) own.add(pathOf(name), why);
  for (const broken of webhookViolations(kept.fresh)) own.add(pathOf(broken.field), broken.description);
  if (own.isEmpty) {
    const refusal = reading.refusal(url);
    if (refusal !== null) own.add(pathOf("url"), refusal);
  }
  const isSound = own.isEmpty;
  own.moveTo(findings);
  if (!isSound) return given;
  return {
    ...given,
    url: normalWebhookUrl(url),
    headers: sealedHeaders(kept.fresh.headers, kept.headers, given.headers, reading.box),
    secret: kept.secret ?? (secret === "" ? "" : reading.box.seal(secret)),
  };
}

/** As callers see it. */
export function toWebhookAction(action: WebhookAction): Init<typeof WebhookActionSchema> {
  return {
    url: action.url,
    headers: shownHeaders(action.headers),
    secret: action.secret === "" ? "" : MASK,
    taskType: action.taskType,
    callback: action.callback === null ? undefined : { required: true, timeout: toDuration(action.callback.timeoutMs) },
  };
}

/** Headers with the values of sensitive names masked. */
export function shownHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, isSensitive(name) ? MASK : value]));
}

function callbackOf(
  { required, timeout }: Pick<WebhookCallback, "required" | "timeout">,
  pathOf: (field: string) => string,
  findings: Findings,
): WebhookAction["callback"] {
  const field = pathOf("callback.timeout");
  const timeoutMs = timeout === undefined ? DEFAULT_CALLBACK_MS : durationOf(timeout, field, findings, CALLBACK_RULE);
  if (required) return { timeoutMs };
  if (timeout !== undefined) findings.add(field, `has a meaning only when ${pathOf("callback.required")} is true`);
  return null;
}

interface Kept {
  /** The action without what is kept: the rest is new. */
  readonly fresh: WebhookAction;
  /** Sealed values by the names of their headers. */
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined: none is kept. */
  readonly secret: string | undefined;
  readonly refused: readonly { readonly name: string; readonly why: string }[];
}

/**
 * What stands behind the masks. Secrets were given for one origin: under another URL they must be given again, or whoever may change a
 * definition could have them sent to a server of their own.
 */
function keptSecrets(given: WebhookAction, stored: WebhookAction | undefined): Kept {
  const refused: { name: string; why: string }[] = [];
  const isElsewhere = stored !== undefined && URL.canParse(given.url) && originOf(given.url) !== originOf(stored.url);
  const keep = (name: string, sealed: string | undefined): string | undefined => {
    if (sealed === undefined || sealed === "") {
      refused.push({ name, why: `is "${MASK}", which is shown in the place of a secret; send the secret itself` });
    } else if (isElsewhere) {
      refused.push({ name, why: "was given for another origin; send it again, or leave it out" });
    } else return sealed;
    return undefined;
  };
  const headers: Record<string, string> = {};
  const fresh: Record<string, string> = {};
  for (const [name, value] of Object.entries(given.headers)) {
    if (value === MASK && isSensitive(name)) {
      const sealed = keep(`headers[${JSON.stringify(name)}]`, stored?.headers[name]);
      if (sealed !== undefined) headers[name] = sealed;
    } else fresh[name] = value;
  }
  const secret = given.secret === MASK ? keep("secret", stored?.secret) : undefined;
  return {
    fresh: { ...given, headers: fresh, secret: given.secret === MASK ? "" : given.secret },
    headers,
    secret,
    refused,
  };
}

/** In the order in which they were given. */
function sealedHeaders(
  fresh: Readonly<Record<string, string>>,
  kept: Readonly<Record<string, string>>,
  order: Readonly<Record<string, string>>,
  box: SecretBox,
): Record<string, string> {
  return Object.fromEntries(
    Object.keys(order).map((name) => {
      const value = fresh[name];
      if (value === undefined) return [name, kept[name] ?? ""];
      return [name, isSensitive(name) ? box.seal(value) : value];
    }),
  );
}
