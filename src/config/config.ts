import type { LOG_FORMATS, LOG_LEVELS } from "./variables.ts";

/** All that a node is told from outside, checked. */
export interface Config {
  /** `host:port` as it was given; port 0 takes a free one. */
  readonly listen: string;
  readonly host: string;
  readonly port: number;
  readonly database: DatabaseConfig;
  readonly nodeId: string;
  readonly shardCount: number;
  readonly leaseTtlMs: number;
  /** PEM. Undefined: cleartext. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly log: LogConfig;
}

export type DatabaseConfig =
  | { readonly kind: "embedded"; readonly dataDir: string }
  /** `shown` is the URL without password and parameters: the one to print. */
  | { readonly kind: "url"; readonly url: string; readonly shown: string };

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
