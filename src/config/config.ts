import type { ConfigEnvironment } from "../domain/config/resolve.ts";
import type { LOG_FORMATS, LOG_LEVELS } from "./variables.ts";

/** All that a node is told from outside, checked. */
export interface Config {
  /** `host:port` as it was given; port 0 takes a free one. */
  readonly listen: string;
  readonly host: string;
  readonly port: number;
  /** Where others find the API. Port 0 stands for the one that is listened on. */
  readonly advertise: { readonly host: string; readonly port: number };
  readonly database: DatabaseConfig;
  readonly nodeId: string;
  readonly shardCount: number;
  readonly leaseTtlMs: number;
  /** Undefined: one node, in process. */
  readonly nats: NatsConfig | undefined;
  /** PEM. Undefined: cleartext. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** 32 bytes each; the first encrypts stored secrets, all decrypt them. None are given: on the embedded database one is made. */
  readonly secretKeys: readonly Uint8Array[];
  readonly webhooks: WebhookConfig;
  /** Where receivers of webhooks reach the API, without a slash at its end. Undefined: at the advertised address (`publicUrl`). */
  readonly publicUrl: string | undefined;
  /** Where Celery keeps what became of its tasks. Undefined: nobody asks it. */
  readonly celery: CeleryConfig | undefined;
  /** What holds of what can be configured while Belfry runs, where nobody has set it. */
  readonly runtime: ConfigEnvironment;
  readonly log: LogConfig;
}

export type DatabaseConfig =
  | { readonly kind: "embedded"; readonly dataDir: string }
  /** `shown` is the URL without password and parameters: the one to print. */
  | { readonly kind: "url"; readonly url: string; readonly shown: string };

/** How nodes work together over NATS. */
export interface NatsConfig {
  /** One or several addresses with commas between them. They may hold a password: never to be printed. */
  readonly servers: string;
  /** `host:port` of each: the text to print. */
  readonly shown: string;
  readonly account: NatsAccount;
  /** PEM. Given at all: the connection must be encrypted. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string } | undefined;
  readonly cluster: string;
  /** With what the stream of status events is made. */
  readonly events: { readonly maxAgeMs: number; readonly replicas: number };
}

export type NatsAccount =
  /** What the addresses say, if they say anything. */
  | { readonly kind: "addresses" }
  /** The contents of a creds file. */
  | { readonly kind: "credentials"; readonly credentials: string }
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "user"; readonly user: string; readonly password: string };

/** Celery's result backend. `shown` has neither user nor password nor parameters: it is the text to print. */
export type CeleryConfig =
  | {
      readonly kind: "redis";
      readonly at:
        | { readonly host: string; readonly port: number; readonly tls: RedisTls | undefined }
        | { readonly path: string };
      readonly username: string | undefined;
      readonly password: string | undefined;
      readonly database: number;
      /** What stands before Celery's own names of keys. */
      readonly keyPrefix: string;
      readonly shown: string;
    }
  | { readonly kind: "postgres"; readonly url: string; readonly shown: string };

/** PEM; what is undefined is as usual. */
interface RedisTls {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** Whether the server must prove who it is. */
  readonly verified: boolean;
}

/** How webhooks are delivered. */
export interface WebhookConfig {
  /** Ranges in CIDR notation whose addresses may be called although they are not public. */
  readonly allowedTargets: readonly string[];
  /** PEM. Authorities to trust beside the usual ones. */
  readonly ca: string | undefined;
}

export interface LogConfig {
  readonly level: (typeof LOG_LEVELS)[number];
  /** Undefined: text on a terminal, JSON elsewhere. */
  readonly format: (typeof LOG_FORMATS)[number] | undefined;
}

/** Where values come from beside the environment. */
export interface Machine {
  readonly hostname: string;
  readonly pid: number;
  /** @throws when the file cannot be read. */
  readFile(path: string): string;
}

export type Environment = Readonly<Record<string, string | undefined>>;
