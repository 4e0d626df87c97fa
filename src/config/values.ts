/** How the single values are read. Each function takes the text of one variable and throws WrongVariable when it is none. */
import { createSecureContext } from "node:tls";
import type { Config, DatabaseConfig, LogConfig, Machine } from "./config.ts";
import { parseDuration } from "./duration.ts";
import { LEASE_TTL_MS, LOG_FORMATS, LOG_LEVELS, SHARDS } from "./variables.ts";
import { wrongValue } from "./wrong-variable.ts";

const HIGHEST_PORT = 65_535;

export function listenOf(text: string): Pick<Config, "listen" | "host" | "port"> {
  const match = /^(?:\[(?<v6>[0-9a-fA-F:.]+)\]|(?<name>[^\s:[\]/]+)):(?<port>\d{1,5})$/.exec(text);
  const host = match?.groups?.["v6"] ?? match?.groups?.["name"];
  const port = Number(match?.groups?.["port"]);
  if (host === undefined || port > HIGHEST_PORT) throw wrongValue("BELFRY_LISTEN", text);
  return { listen: text, host, port };
}

/** Whether other machines can reach what listens there. */
export function isReachableFromOutside(host: string): boolean {
  return !(host === "localhost" || host === "::1" || host.startsWith("127."));
}

export function databaseUrlOf(text: string): DatabaseConfig {
  const url = URL.parse(text);
  // The value is not shown: what looks wrong may be the very password.
  if (url === null)
    throw wrongValue(
      "BELFRY_DATABASE_URL",
      undefined,
      "this is no URL; special characters in the password need %-escapes",
    );
  if (url.protocol !== "postgres:" && url.protocol !== "postgresql:") {
    throw wrongValue("BELFRY_DATABASE_URL", undefined, `it begins with ${url.protocol}//`);
  }
  const user = url.username === "" ? "" : `${url.username}@`;
  return { kind: "url", url: text, shown: `${url.protocol}//${user}${url.host}${url.pathname}` };
}

export function dataDirOf(text: string): DatabaseConfig {
  if (text.includes("\0")) throw wrongValue("BELFRY_DATA_DIR", text);
  return { kind: "embedded", dataDir: text };
}

export function nodeIdOf(text: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(text)) throw wrongValue("BELFRY_NODE_ID", text);
  return text;
}

/**
 * The same after each restart, for a node gets its own shards back at once. The port tells nodes of one machine apart; where the system
 * chooses it, only the process can, and then a restart counts as a new node.
 */
export function defaultNodeId({ hostname, pid }: Machine, port: number): string {
  const host = hostname
    .replaceAll(/[^A-Za-z0-9._-]/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, 100);
  return `${host === "" ? "node" : host}-${port === 0 ? `pid${pid}` : port}`;
}

export function shardCountOf(text: string): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(count >= SHARDS.least && count <= SHARDS.most)) throw wrongValue("BELFRY_SHARDS", text);
  return count;
}

export function leaseTtlOf(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms < LEASE_TTL_MS.least || ms > LEASE_TTL_MS.most) throw wrongValue("BELFRY_LEASE_TTL", text);
  return ms;
}

export function tlsOf(certFile: string | undefined, keyFile: string | undefined, machine: Machine): Config["tls"] {
  if (certFile === undefined && keyFile === undefined) return undefined;
  if (certFile === undefined)
    throw wrongValue("BELFRY_TLS_CERT_FILE", undefined, "BELFRY_TLS_KEY_FILE is set without it");
  if (keyFile === undefined)
    throw wrongValue("BELFRY_TLS_KEY_FILE", undefined, "BELFRY_TLS_CERT_FILE is set without it");
  const cert = pemOf("BELFRY_TLS_CERT_FILE", certFile, machine);
  const key = pemOf("BELFRY_TLS_KEY_FILE", keyFile, machine);
  tryTls("BELFRY_TLS_CERT_FILE", certFile, { cert });
  tryTls("BELFRY_TLS_KEY_FILE", keyFile, { cert, key });
  return { cert, key };
}

function pemOf(name: "BELFRY_TLS_CERT_FILE" | "BELFRY_TLS_KEY_FILE", path: string, machine: Machine): string {
  try {
    return machine.readFile(path);
  } catch (error) {
    throw wrongValue(name, path, reasonOf(error));
  }
}

function tryTls(
  name: "BELFRY_TLS_CERT_FILE" | "BELFRY_TLS_KEY_FILE",
  path: string,
  pem: { readonly cert: string; readonly key?: string },
): void {
  try {
    createSecureContext(pem);
  } catch (error) {
    throw wrongValue(name, path, reasonOf(error));
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function logLevelOf(text: string): LogConfig["level"] {
  const level = LOG_LEVELS.find((known) => known === text.toLowerCase());
  if (level === undefined) throw wrongValue("BELFRY_LOG_LEVEL", text);
  return level;
}

export function logFormatOf(text: string): LogConfig["format"] {
  const format = LOG_FORMATS.find((known) => known === text.toLowerCase());
  if (format === undefined) throw wrongValue("BELFRY_LOG_FORMAT", text);
  return format;
}

export function serverUrlOf(text: string): string {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:") || url.host === "") {
    throw wrongValue("BELFRY_SERVER", text);
  }
  return text;
}
