/** How the settings of webhooks and of the secrets that they need are read. */
import { cidrOf } from "./address-ranges.ts";
import type { Config, Machine, WebhookConfig } from "./config.ts";
import type { ValueOf } from "./nats-values.ts";
import { authoritiesOf, textOf } from "./tls-values.ts";
import type { VariableName } from "./variables.ts";
import { wrongValue } from "./wrong-variable.ts";

const KEY_BYTES = 32;
const HEX_KEY = /^[0-9a-fA-F]{64}$/;
/** The padding may be missing, as it is in base64url. */
const BASE64_KEY = /^[A-Za-z0-9+/_-]{43}=?$/;

/** Words that stand for ranges. Link-local addresses are none of them: there the metadata of clouds is, with its credentials. */
const NAMED_RANGES: ReadonlyMap<string, readonly string[]> = new Map([
  ["loopback", ["127.0.0.0/8", "::1/128"]],
  ["private", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]],
  ["all", ["0.0.0.0/0", "::/0"]],
]);

/** The newest first; none when neither variable is set. */
export function secretKeysOf(valueOf: ValueOf, machine: Machine): readonly Uint8Array[] {
  const keys = valueOf("BELFRY_SECRET_KEY");
  const path = valueOf("BELFRY_SECRET_KEY_FILE");
  if (path === undefined) return keys === undefined ? [] : keysOf("BELFRY_SECRET_KEY", keys);
  if (keys !== undefined) throw wrongValue("BELFRY_SECRET_KEY_FILE", undefined, "BELFRY_SECRET_KEY is set too");
  // A path that is wrong is shown; a key that was taken for one must not be.
  if (path.split(",").some((part) => keyOf(part.trim()) !== undefined)) {
    throw wrongValue("BELFRY_SECRET_KEY_FILE", undefined, "it is a key itself, which goes to BELFRY_SECRET_KEY");
  }
  return keysOf("BELFRY_SECRET_KEY_FILE", textOf("BELFRY_SECRET_KEY_FILE", path, machine).trim());
}

/** Nothing of the value is shown: what looks wrong may be most of the very key. */
function keysOf(name: VariableName, text: string): readonly Uint8Array[] {
  const parts = text.split(",").map((part) => part.trim());
  const keys: Buffer[] = [];
  for (const [index, part] of parts.entries()) {
    const key = keyOf(part);
    const refused = (why: string): Error =>
      wrongValue(name, undefined, `${parts.length === 1 ? "it" : `number ${index + 1}`} ${why}`);
    if (key === undefined) throw refused(`is none, having ${part.length} characters`);
    // Such as a placeholder of zeros that nobody replaced.
    if (key.every((byte) => byte === key[0])) throw refused("is the same byte over and over");
    if (keys.some((known) => known.equals(key))) throw refused("stands there twice");
    keys.push(key);
  }
  return keys;
}

function keyOf(text: string): Buffer | undefined {
  if (HEX_KEY.test(text)) return Buffer.from(text, "hex");
  const key = BASE64_KEY.test(text) ? Buffer.from(text, "base64") : undefined;
  return key?.length === KEY_BYTES ? key : undefined;
}

export function webhooksOf(valueOf: ValueOf, machine: Machine): WebhookConfig {
  const caFile = { name: "BELFRY_WEBHOOK_CA_FILE", path: valueOf("BELFRY_WEBHOOK_CA_FILE") } as const;
  return {
    allowedTargets: allowedTargetsOf(valueOf("BELFRY_ALLOW_PRIVATE_TARGETS")),
    ca: authoritiesOf(caFile, machine),
  };
}

function allowedTargetsOf(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  const ranges = text.split(",").flatMap((part) => {
    const word = part.trim();
    const found = NAMED_RANGES.get(word.toLowerCase()) ?? cidrOf(word);
    if (found === undefined) throw wrongValue("BELFRY_ALLOW_PRIVATE_TARGETS", word);
    return found;
  });
  return [...new Set(ranges)];
}

/** Whether some of the ranges hold every address. */
export function allowsEveryTarget(ranges: readonly string[]): boolean {
  return ranges.some((range) => range.endsWith("/0"));
}

export function publicUrlOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  // What may be a password is not shown.
  if (text.includes("@")) throw wrongValue("BELFRY_PUBLIC_URL", undefined, "it has a user or a password");
  const url = URL.parse(text);
  if (url === null || !/^https?:\/\//i.test(text) || url.search !== "" || url.hash !== "") {
    throw wrongValue("BELFRY_PUBLIC_URL", text);
  }
  return withoutSlash(url);
}

/**
 * Where others reach the API, without a slash at its end: what `BELFRY_PUBLIC_URL` says, else the advertised address.
 *
 * @param port the one that is listened on, for `advertise.port` 0.
 */
export function publicUrl({ publicUrl: set, advertise, tls }: Config, port: number): string {
  if (set !== undefined) return set;
  const host = advertise.host.includes(":") ? `[${advertise.host}]` : advertise.host;
  const scheme = tls === undefined ? "http" : "https";
  return withoutSlash(new URL(`${scheme}://${host}:${advertise.port === 0 ? port : advertise.port}`));
}

function withoutSlash(url: URL): string {
  return url.href.replace(/\/+$/, "");
}
