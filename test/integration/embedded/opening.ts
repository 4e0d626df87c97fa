import { execFile, spawn } from "node:child_process";
import type { ChildProcess, SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Client } from "pg";
import type { QueryResultRow } from "pg";
import { onTestFinished } from "vitest";
import type { Log } from "../../../src/ports/log.ts";
import { openEmbeddedPostgres } from "../../../src/store/embedded/embedded-postgres.ts";
import type { EmbeddedPostgres } from "../../../src/store/embedded/embedded-postgres.ts";
import { systemClock } from "../../../src/system/clock.ts";
import { silentLog } from "../../support/log.ts";

/** A folder for one test, gone after it. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "belfry-embedded-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Opens in this process; closed after the test at the latest. */
export async function open(dataDir: string, log: Log = silentLog): Promise<EmbeddedPostgres> {
  const server = await openEmbeddedPostgres({ dataDir, log, clock: systemClock });
  onTestFinished(() => server.close());
  return server;
}

/** What `opener.ts` said, and its process. */
export interface Opener {
  child: ChildProcess;
  answer: { url?: string; pid?: number; code?: string; message?: string };
}

/** Opens in another process, which closes after the test at the latest. */
export async function openElsewhere(
  dataDir: string,
  {
    node = process.execPath,
    script = fileURLToPath(new URL("opener.ts", import.meta.url)),
    ...options
  }: SpawnOptions & {
    node?: string;
    script?: string;
  } = {},
): Promise<Opener> {
  const child = spawn(node, [script, dataDir], { ...options, stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.stdin?.end();
    await once(child, "exit");
  });
  if (child.stdout === null) throw new Error("no output to read");
  for await (const line of createInterface({ input: child.stdout })) return { child, answer: JSON.parse(line) };
  throw new Error(`opener ended without an answer (${child.exitCode ?? child.signalCode ?? "output closed"})`);
}

export async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

export async function query<R extends QueryResultRow>(url: string, sql: string, values: unknown[] = []): Promise<R[]> {
  const client = new Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query<R>(sql, values)).rows;
  } finally {
    await client.end();
  }
}

/** The server's process and those it started. */
export async function processesOf(server: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)("pgrep", ["-P", String(server)]);
  return [server, ...stdout.trim().split("\n").map(Number)];
}

/** False for a zombie as well: it only waits for its parent to look. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return process.platform !== "linux";
  }
}

/** A log by whose messages a test can wait. */
export function listeningLog(): { log: Log; heard: (message: string) => Promise<void> } {
  const waiting = new Map<string, () => void>();
  const hear = (message: string) => {
    waiting.get(message)?.();
    waiting.delete(message);
  };
  const log: Log = { debug: hear, info: hear, warn: hear, error: hear, child: () => log };
  return { log, heard: (message) => new Promise((resolve) => waiting.set(message, resolve)) };
}
