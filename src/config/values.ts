/** How the single values are read. Each function takes the text of one variable and throws WrongVariable when it is none. */
import type { Config, DatabaseConfig, LogConfig, Machine } from "./config.ts";
import { parseDuration } from "./duration.ts";
import { LEASE_TTL_MS, LOG_FORMATS, LOG_LEVELS, SHARDS } from "./variables.ts";
import { wrongValue } from "./wrong-variable.ts";

const HIGHEST_PORT = 65_535;

export function listenOf(text: string): Pick<Config, "listen" | "host" | "port"> {
  const address = hostAndPort(text);
  if (address === undefined) throw wrongValue("BELFRY_LISTEN", text);
  return { listen: text, ...address };
}

export function advertiseOf(
  text: string | undefined,
  listen: Pick<Config, "host" | "port">,
  machine: Machine,
): Config["advertise"] {
  if (text === undefined) {
    const host = isEveryAddress(listen.host) && machine.hostname !== "" ? machine.hostname : listen.host;
    return { host, port: listen.port };
  }
  const address = hostAndPort(text);
  if (address === undefined) throw wrongValue("BELFRY_ADVERTISE", text);
  if (isEveryAddress(address.host)) throw wrongValue("BELFRY_ADVERTISE", text, "nobody can call that address");
  return address;
}

function hostAndPort(text: string): { readonly host: string; readonly port: number } | undefined {
  const match = /^(?:\[(?<v6>[0-9a-fA-F:.]+)\]|(?<name>[^\s:[\]/]+)):(?<port>\d{1,5})$/.exec(text);
  const host = match?.groups?.["v6"] ?? match?.groups?.["name"];
  const port = Number(match?.groups?.["port"]);
  return host === undefined || port > HIGHEST_PORT ? undefined : { host, port };
}

function isEveryAddress(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
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
