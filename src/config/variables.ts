/**
 * The environment variables that Belfry reads, once and for all: what is read, what the messages about wrong values say, and the table of the
 * README (`scripts/check-environment.ts`) come from here; and for what can be configured while it runs from `runtime-values.ts`.
 */

export const SHARDS = { least: 1, most: 65_536 } as const;
export const LEASE_TTL_MS = { least: 1_000, most: 60_000 } as const;
export const EVENTS_MAX_AGE_MS = { least: 60_000, most: 3650 * 86_400_000 } as const;
export const EVENTS_REPLICAS = { least: 1, most: 5 } as const;
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export const LOG_FORMATS = ["text", "json"] as const;

/** One row of the table. */
export interface Variable {
  readonly name: string;
  /** What an unset variable counts as; null when it has no fixed default. */
  readonly fallback: string | null;
  /** The default in words, where it is not a fixed text. */
  readonly fallbackInWords?: string;
  readonly meaning: string;
  /** What a value must be; continues "BELFRY_X must be …". */
  readonly allowed: string;
}

export const VARIABLES = {
  BELFRY_LISTEN: {
    name: "BELFRY_LISTEN",
    fallback: "127.0.0.1:8980",
    meaning: "Where the API listens.",
    allowed: "host:port, such as 127.0.0.1:8980 or [::]:8980 (port 0 takes a free one)",
  },
  BELFRY_ADVERTISE: {
    name: "BELFRY_ADVERTISE",
    fallback: null,
    fallbackInWords: "BELFRY_LISTEN; with the host name where that is all addresses",
    meaning: "Where others find the API of this node: what `ListNodes` shows of it.",
    allowed: "host:port, such as belfry-1.example:8980 (port 0 stands for the one that is listened on)",
  },
  BELFRY_DATABASE_URL: {
    name: "BELFRY_DATABASE_URL",
    fallback: null,
    fallbackInWords: "unset: the embedded PostgreSQL",
    meaning: "The PostgreSQL server (15 or later) and its database.",
    allowed: "a URL such as postgres://user:password@host:5432/database",
  },
  BELFRY_DATA_DIR: {
    name: "BELFRY_DATA_DIR",
    fallback: ".belfry",
    meaning: "The folder of the embedded PostgreSQL.",
    allowed: "a path to a folder, which is made when it is missing",
  },
  BELFRY_NODE_ID: {
    name: "BELFRY_NODE_ID",
    fallback: null,
    fallbackInWords: "host name and port",
    meaning:
      "The name of this node in the cluster. Different from that of every other node on the same database, and the same after a restart.",
    allowed: "1 to 128 letters, digits, dots, dashes and underscores, beginning with a letter or a digit",
  },
  BELFRY_SHARDS: {
    name: "BELFRY_SHARDS",
    fallback: "128",
    meaning: "Into how many shards the work is divided. Fixed by the first start on a database.",
    allowed: `a whole number from ${SHARDS.least} to ${SHARDS.most}`,
  },
  BELFRY_LEASE_TTL: {
    name: "BELFRY_LEASE_TTL",
    fallback: "3s",
    meaning: "How long after its last sign of life the shards of a node go to another.",
    allowed: `a length of time from ${LEASE_TTL_MS.least / 1000}s to ${LEASE_TTL_MS.most / 1000}s, such as 3s or 2500ms`,
  },
  BELFRY_NATS_URL: {
    name: "BELFRY_NATS_URL",
    fallback: null,
    fallbackInWords: "unset: one node, in process",
    meaning:
      "The NATS server, or several of one NATS cluster, over which nodes work together and status events go out.",
    allowed:
      "one or several URLs with commas between them, such as nats://host:4222 or tls://user:password@host:4222,tls://other:4222",
  },
  BELFRY_NATS_CREDS_FILE: {
    name: "BELFRY_NATS_CREDS_FILE",
    fallback: null,
    fallbackInWords: "unset",
    meaning: "The credentials of Belfry's user on NATS. This, a token, or a user with password; or what the URL says.",
    allowed: "a readable creds file: a JWT and a seed, as `nsc` makes it",
  },
  BELFRY_NATS_TOKEN: {
    name: "BELFRY_NATS_TOKEN",
    fallback: null,
    fallbackInWords: "unset",
    meaning: "The token of a NATS server that asks for one.",
    allowed: "the token of the NATS server, the only one of its credentials that is set",
  },
  BELFRY_NATS_USER: {
    name: "BELFRY_NATS_USER",
    fallback: null,
    fallbackInWords: "unset",
    meaning: "Belfry's user on NATS. Goes with `BELFRY_NATS_PASSWORD`.",
    allowed: "a user's name, with BELFRY_NATS_PASSWORD and without other credentials",
  },
  BELFRY_NATS_PASSWORD: {
    name: "BELFRY_NATS_PASSWORD",
    fallback: null,
    fallbackInWords: "unset",
    meaning: "The password of that user.",
    allowed: "a password, with BELFRY_NATS_USER and without other credentials",
  },
  BELFRY_NATS_TLS_CA_FILE: {
    name: "BELFRY_NATS_TLS_CA_FILE",
    fallback: null,
    fallbackInWords: "unset: the usual authorities",
    meaning: "Authorities to trust instead of the usual ones. Set, the connection must be encrypted.",
    allowed: "a readable PEM file with certificates",
  },
  BELFRY_NATS_TLS_CERT_FILE: {
    name: "BELFRY_NATS_TLS_CERT_FILE",
    fallback: null,
    fallbackInWords: "unset",
    meaning: "The certificate by which NATS knows Belfry. Goes with `BELFRY_NATS_TLS_KEY_FILE`.",
    allowed: "a readable PEM file with a certificate",
  },
  BELFRY_NATS_TLS_KEY_FILE: {
    name: "BELFRY_NATS_TLS_KEY_FILE",
    fallback: null,
    fallbackInWords: "unset",
    meaning: "The private key of that certificate.",
    allowed: "a readable PEM file with the private key of the certificate in BELFRY_NATS_TLS_CERT_FILE",
  },
  BELFRY_CLUSTER: {
    name: "BELFRY_CLUSTER",
    fallback: "belfry",
    meaning: "Which Belfry this is, of several that share one NATS. The same on all nodes of one database.",
    allowed: "1 to 100 letters, digits, dashes and underscores",
  },
  BELFRY_EVENTS_MAX_AGE: {
    name: "BELFRY_EVENTS_MAX_AGE",
    fallback: "7d",
    meaning: "How long status events stay in the stream on NATS. Counts when the stream is made.",
    allowed: "a length of time from 1m to 3650d, such as 7d or 12h",
  },
  BELFRY_EVENTS_REPLICAS: {
    name: "BELFRY_EVENTS_REPLICAS",
    fallback: "1",
    meaning: "On how many servers of a NATS cluster each status event is kept. Counts when the stream is made.",
    allowed: `a whole number from ${EVENTS_REPLICAS.least} to ${EVENTS_REPLICAS.most}`,
  },
  BELFRY_TLS_CERT_FILE: {
    name: "BELFRY_TLS_CERT_FILE",
    fallback: null,
    fallbackInWords: "unset: no TLS",
    meaning: "The certificate of the API, with the chain behind it. Goes with `BELFRY_TLS_KEY_FILE`.",
    allowed: "a readable PEM file with a certificate",
  },
  BELFRY_TLS_KEY_FILE: {
    name: "BELFRY_TLS_KEY_FILE",
    fallback: null,
    fallbackInWords: "unset: no TLS",
    meaning: "The private key of that certificate.",
    allowed: "a readable PEM file with the private key of the certificate in BELFRY_TLS_CERT_FILE",
  },
  BELFRY_SECRET_KEY: {
    name: "BELFRY_SECRET_KEY",
    fallback: null,
    fallbackInWords: "made beside the embedded database; else no secrets are stored",
    meaning: "Encrypts the secrets that Belfry stores. The same on all nodes. To change it, put a new key in front.",
    allowed:
      "a key, or several with commas between them: 32 bytes each as base64 or hex, as `openssl rand -base64 32` prints",
  },
  BELFRY_SECRET_KEY_FILE: {
    name: "BELFRY_SECRET_KEY_FILE",
    fallback: null,
    fallbackInWords: "unset",
    meaning: "A file with what `BELFRY_SECRET_KEY` would say.",
    allowed:
      "a readable file with keys of 32 bytes each as base64 or hex, commas between them; without BELFRY_SECRET_KEY",
  },
  BELFRY_ALLOW_PRIVATE_TARGETS: {
    name: "BELFRY_ALLOW_PRIVATE_TARGETS",
    fallback: null,
    fallbackInWords: "unset: public addresses only",
    meaning: "Addresses that webhooks may call although they are not public.",
    allowed:
      "addresses and ranges such as 10.1.0.0/16 or fd00::/8, or loopback, private or all; with commas between them",
  },
  BELFRY_WEBHOOK_CA_FILE: {
    name: "BELFRY_WEBHOOK_CA_FILE",
    fallback: null,
    fallbackInWords: "unset: the usual authorities",
    meaning: "Authorities that receivers of webhooks may have beside the usual ones.",
    allowed: "a readable PEM file with certificates",
  },
  BELFRY_PUBLIC_URL: {
    name: "BELFRY_PUBLIC_URL",
    fallback: null,
    fallbackInWords: "BELFRY_ADVERTISE",
    meaning:
      "Where receivers of webhooks reach the API of any node, to report results: the beginning of callback URLs.",
    allowed: "an http:// or https:// URL without query, such as https://belfry.example.com",
  },
  BELFRY_CELERY_RESULT_BACKEND: {
    name: "BELFRY_CELERY_RESULT_BACKEND",
    fallback: null,
    fallbackInWords: "unset: Celery is not asked",
    meaning: "Celery's result backend, from which SyncExecution reads. The same on all nodes.",
    allowed:
      "a URL as Celery has it: redis://:password@host:6379/0, rediss://…, redis+socket:///path, or db+postgresql://user:password@host/database (Django: the database's)",
  },
  BELFRY_CELERY_KEY_PREFIX: {
    name: "BELFRY_CELERY_KEY_PREFIX",
    fallback: null,
    fallbackInWords: "unset: nothing",
    meaning:
      "What stands before `celery-task-meta-` in the keys on Redis: the `global_keyprefix` of Celery, with the `_` that it may add.",
    allowed: "up to 200 characters",
  },
  BELFRY_LOG_LEVEL: {
    name: "BELFRY_LOG_LEVEL",
    fallback: "info",
    meaning: "Which lines the log (standard error) has; `debug` adds stacks to errors.",
    allowed: `one of ${LOG_LEVELS.join(", ")}`,
  },
  BELFRY_LOG_FORMAT: {
    name: "BELFRY_LOG_FORMAT",
    fallback: null,
    fallbackInWords: "text on a terminal, json elsewhere",
    meaning: "How the lines of the log look.",
    allowed: `one of ${LOG_FORMATS.join(", ")}`,
  },
  BELFRY_SERVER: {
    name: "BELFRY_SERVER",
    fallback: "http://127.0.0.1:8980",
    meaning: "Which server the commands that talk to one (`definitions`, `instances`, `watch`, `health`, …) use.",
    allowed: "an http:// or https:// URL, such as http://127.0.0.1:8980",
  },
} as const satisfies Readonly<Record<string, Variable>>;

export type VariableName = keyof typeof VARIABLES;

/** Names of the design that this version does not know yet: to ignore them would break what their user relies on. */
const NOT_SUPPORTED_YET = [/^BELFRY_AUTH_/, /^BELFRY_METRICS_LISTEN$/];

export function isPlanned(name: string): boolean {
  return NOT_SUPPORTED_YET.some((pattern) => pattern.test(name));
}
