/** How the settings of NATS are read: single values, and which of them go together. */
import type { Machine, NatsAccount, NatsConfig } from "./config.ts";
import { parseDuration } from "./duration.ts";
import { authoritiesOf, certificateOf, textOf } from "./tls-values.ts";
import { EVENTS_MAX_AGE_MS, EVENTS_REPLICAS } from "./variables.ts";
import type { VariableName } from "./variables.ts";
import { wrongValue } from "./wrong-variable.ts";

/** The value of a variable, or its default; undefined when it has neither. */
export type ValueOf = (name: VariableName) => string | undefined;

/** Variables that count only where nodes work together over NATS. */
export const ONLY_WITH_NATS = [
  "BELFRY_NATS_CREDS_FILE",
  "BELFRY_NATS_TOKEN",
  "BELFRY_NATS_USER",
  "BELFRY_NATS_PASSWORD",
  "BELFRY_NATS_TLS_CA_FILE",
  "BELFRY_NATS_TLS_CERT_FILE",
  "BELFRY_NATS_TLS_KEY_FILE",
  "BELFRY_CLUSTER",
  "BELFRY_EVENTS_MAX_AGE",
  "BELFRY_EVENTS_REPLICAS",
] as const satisfies readonly VariableName[];

/** Undefined: without NATS. */
export function natsOf(valueOf: ValueOf, machine: Machine): NatsConfig | undefined {
  const servers = valueOf("BELFRY_NATS_URL");
  // Wrong values are told even where they have no effect: somebody is about to rely on them.
  const events = {
    maxAgeMs: eventsMaxAgeOf(valueOf("BELFRY_EVENTS_MAX_AGE") ?? ""),
    replicas: eventsReplicasOf(valueOf("BELFRY_EVENTS_REPLICAS") ?? ""),
  };
  const cluster = clusterOf(valueOf("BELFRY_CLUSTER") ?? "");
  if (servers === undefined) return undefined;
  const urls = natsUrlsOf(servers);
  const account = accountOf(valueOf, machine);
  const named = urls.some(({ username, password }) => username !== "" || password !== "");
  if (named && account.kind !== "addresses") {
    throw wrongValue("BELFRY_NATS_URL", undefined, `it names a user, and ${VARIABLE_OF[account.kind]} is set too`);
  }
  const shown = urls.map(({ hostname, port }) => `${hostname}:${port === "" ? DEFAULT_PORT : port}`).join(", ");
  return { servers, shown, account, tls: natsTlsOf(valueOf, machine), cluster, events };
}

const DEFAULT_PORT = "4222";

const VARIABLE_OF = {
  credentials: "BELFRY_NATS_CREDS_FILE",
  token: "BELFRY_NATS_TOKEN",
  user: "BELFRY_NATS_USER",
} as const satisfies Partial<Record<NatsAccount["kind"], VariableName>>;

/** The values are not shown: what looks wrong may be the very password. */
function natsUrlsOf(text: string): readonly URL[] {
  const parts = text.split(",").map((part) => part.trim());
  return parts.map((part, index) => {
    const which = parts.length === 1 ? "it" : `number ${index + 1}`;
    const refused = (why: string): Error => wrongValue("BELFRY_NATS_URL", undefined, `${which} ${why}`);
    const url = URL.parse(part);
    if (url === null || !part.includes("://")) {
      throw refused("is no URL; special characters in a password need %-escapes");
    }
    if (url.protocol !== "nats:" && url.protocol !== "tls:") throw refused(`begins with ${url.protocol}//`);
    // A password that is not escaped ends its URL early, and would be shown as a host.
    if (url.hostname === "" || !["", "/"].includes(url.pathname) || url.search !== "" || url.hash !== "") {
      throw refused("has more than a user, a host and a port; special characters in a password need %-escapes");
    }
    return url;
  });
}

function accountOf(valueOf: ValueOf, machine: Machine): NatsAccount {
  const credsFile = valueOf("BELFRY_NATS_CREDS_FILE");
  const token = valueOf("BELFRY_NATS_TOKEN");
  const user = valueOf("BELFRY_NATS_USER");
  const password = valueOf("BELFRY_NATS_PASSWORD");
  refuseTogether("BELFRY_NATS_TOKEN", token, "BELFRY_NATS_CREDS_FILE", credsFile);
  refuseTogether("BELFRY_NATS_USER", user, "BELFRY_NATS_CREDS_FILE", credsFile);
  refuseTogether("BELFRY_NATS_USER", user, "BELFRY_NATS_TOKEN", token);
  if (password !== undefined && user === undefined) {
    throw wrongValue("BELFRY_NATS_PASSWORD", undefined, "it is set without BELFRY_NATS_USER");
  }
  if (credsFile !== undefined) return { kind: "credentials", credentials: credentialsOf(credsFile, machine) };
  if (token !== undefined) return { kind: "token", token };
  if (user === undefined) return { kind: "addresses" };
  if (password === undefined) throw wrongValue("BELFRY_NATS_USER", undefined, "it is set without BELFRY_NATS_PASSWORD");
  return { kind: "user", user, password };
}

function refuseTogether(
  name: VariableName,
  value: string | undefined,
  other: VariableName,
  otherValue: string | undefined,
): void {
  if (value !== undefined && otherValue !== undefined) {
    throw wrongValue(name, undefined, `${other} is set too`);
  }
}

function credentialsOf(path: string, machine: Machine): string {
  const credentials = textOf("BELFRY_NATS_CREDS_FILE", path, machine);
  if (!/BEGIN NATS USER JWT/.test(credentials) || !/BEGIN USER NKEY SEED/.test(credentials)) {
    throw wrongValue("BELFRY_NATS_CREDS_FILE", path, "it does not hold both");
  }
  return credentials;
}

function natsTlsOf(valueOf: ValueOf, machine: Machine): NatsConfig["tls"] {
  const setting = (name: VariableName) => ({ name, path: valueOf(name) });
  const ca = authoritiesOf(setting("BELFRY_NATS_TLS_CA_FILE"), machine);
  const certificate = certificateOf(setting("BELFRY_NATS_TLS_CERT_FILE"), setting("BELFRY_NATS_TLS_KEY_FILE"), machine);
  return ca === undefined && certificate === undefined ? undefined : { ca, ...certificate };
}

function clusterOf(text: string): string {
  // One token of a NATS subject.
  if (!/^[A-Za-z0-9_-]{1,100}$/.test(text)) throw wrongValue("BELFRY_CLUSTER", text);
  return text;
}

function eventsMaxAgeOf(text: string): number {
  const ms = parseDuration(text);
  const { least, most } = EVENTS_MAX_AGE_MS;
  if (ms === undefined || ms < least || ms > most) throw wrongValue("BELFRY_EVENTS_MAX_AGE", text);
  return ms;
}

function eventsReplicasOf(text: string): number {
  const { least, most } = EVENTS_REPLICAS;
  const count = /^\d$/.test(text) ? Number(text) : Number.NaN;
  if (!(count >= least && count <= most)) throw wrongValue("BELFRY_EVENTS_REPLICAS", text);
  return count;
}
