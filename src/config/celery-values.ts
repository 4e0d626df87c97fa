/** How the settings of Celery's result backend are read. The URL is written as Celery has it, so that it can be taken over from there. */
import { createSecureContext } from "node:tls";
import type { CeleryConfig, Machine } from "./config.ts";
import type { ValueOf } from "./nats-values.ts";
import { wrongValue } from "./wrong-variable.ts";

const NAME = "BELFRY_CELERY_RESULT_BACKEND";
const REDIS_PORT = 6379;
/** `db+` is SQLAlchemy's, and so is the driver behind `+`. */
const POSTGRES = /^(?:db\+)?postgres(?:ql)?(?:\+\w+)?:\/\//;
const REDIS = /^rediss?:\/\//;
const SOCKET = /^(?:redis\+)?socket:\/\//;

type RedisConfig = Extract<CeleryConfig, { readonly kind: "redis" }>;
type Refused = (why: string) => Error;

/** Undefined: nobody asks Celery. */
export function celeryOf(valueOf: ValueOf, machine: Machine): CeleryConfig | undefined {
  const text = valueOf(NAME);
  const prefix = keyPrefixOf(valueOf("BELFRY_CELERY_KEY_PREFIX") ?? "");
  if (text === undefined) return undefined;
  // The value is not shown: what looks wrong may be the very password.
  const refused: Refused = (why) => wrongValue(NAME, undefined, why);
  if (POSTGRES.test(text)) return databaseOf(text.replace(POSTGRES, "postgresql://"), refused);
  if (SOCKET.test(text)) return socketOf(urlOf(text.replace(SOCKET, "socket://"), refused), prefix, refused);
  if (REDIS.test(text)) return serverOf(urlOf(text, refused), prefix, machine, refused);
  const scheme = /^[A-Za-z][\w+.-]*(?=:\/\/)/.exec(text)?.[0];
  throw refused(scheme === undefined ? "it has no scheme" : `results cannot be read from ${scheme}://`);
}

function urlOf(text: string, refused: Refused): URL {
  const url = URL.parse(text);
  if (url === null) throw refused("this is no URL; special characters in the password need %-escapes");
  if (url.hash !== "") throw refused("special characters in the password need %-escapes");
  return url;
}

function databaseOf(text: string, refused: Refused): CeleryConfig {
  const url = urlOf(text, refused);
  if (url.pathname.length < 2) throw refused("it names no database");
  return { kind: "postgres", url: text, shown: `postgresql://${url.host}${url.pathname}` };
}

function serverOf(url: URL, keyPrefix: string, machine: Machine, refused: Refused): RedisConfig {
  // As in Celery, `redis:///1` is this machine's.
  const host = url.hostname === "" ? "localhost" : url.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = url.port === "" ? REDIS_PORT : Number(url.port);
  const database = numberOf(url.searchParams.get("virtual_host") ?? url.pathname, refused);
  return {
    kind: "redis",
    at: { host, port, tls: url.protocol === "rediss:" ? tlsOf(url.searchParams, machine, refused) : undefined },
    ...accountOf(url, refused),
    database,
    keyPrefix,
    shown: `${url.protocol}//${host.includes(":") ? `[${host}]` : host}:${port}/${database}`,
  };
}

function socketOf(url: URL, keyPrefix: string, refused: Refused): RedisConfig {
  const database = numberOf(url.searchParams.get("virtual_host") ?? url.searchParams.get("db") ?? "", refused);
  const path = decoded(`${url.hostname === "" ? "" : `/${url.hostname}`}${url.pathname}`, refused);
  if (path.length < 2) throw refused("it names no socket");
  const shown = `redis+socket://${path}${database === 0 ? "" : `?virtual_host=${database}`}`;
  return { kind: "redis", at: { path }, ...accountOf(url, refused), database, keyPrefix, shown };
}

function accountOf(url: URL, refused: Refused): Pick<RedisConfig, "username" | "password"> {
  const one = (name: "username" | "password"): string | undefined =>
    url[name] === "" ? (url.searchParams.get(name) ?? undefined) : decoded(url[name], refused);
  return { username: one("username"), password: one("password") };
}

function decoded(text: string, refused: Refused): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refused("a % in it is no %-escape; write it as %25");
  }
}

function numberOf(text: string, refused: Refused): number {
  const digits = text.replaceAll("/", "");
  if (!/^\d{0,4}$/.test(digits)) throw refused("a database of Redis is a number, such as /0");
  return Number(digits);
}

/** By the parameters that Celery takes. Without them the certificate is checked, by the usual authorities. */
function tlsOf(parameters: URLSearchParams, machine: Machine, refused: Refused) {
  const file = (name: string): string | undefined => {
    const path = parameters.get(name);
    try {
      return path === null || path === "" ? undefined : machine.readFile(path);
    } catch (error) {
      throw refused(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const pem = { ca: file("ssl_ca_certs"), cert: file("ssl_certfile"), key: file("ssl_keyfile") };
  try {
    createSecureContext(pem);
  } catch (error) {
    throw refused(`its certificates: ${error instanceof Error ? error.message : String(error)}`);
  }
  const checked =
    parameters
      .get("ssl_cert_reqs")
      ?.toLowerCase()
      .replace(/^cert_/, "") ?? "required";
  if (!["required", "optional", "none"].includes(checked)) {
    throw refused("ssl_cert_reqs must be CERT_REQUIRED, CERT_OPTIONAL or CERT_NONE");
  }
  return { ...pem, verified: checked !== "none" };
}

function keyPrefixOf(text: string): string {
  if (text.length > 200) throw wrongValue("BELFRY_CELERY_KEY_PREFIX", text);
  return text;
}
