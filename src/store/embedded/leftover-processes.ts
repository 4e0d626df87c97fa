import { execFile } from "node:child_process";
import { readdir, readFile, readlink, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";
import { readPostmasterFile } from "./postmaster-file.ts";
import type { ServerUser } from "./server-user.ts";

/**
 * Clears a cluster of what an earlier life left there, so that a new server can start. The caller holds the lock of the
 * folder, so whatever runs here belongs to nobody any more.
 *
 * What can be left, and what becomes of it:
 *
 * - A whole server whose Belfry was killed. It is stopped rather than adopted: only a child of ours tells us when it
 *   ends, and only a fresh start has the settings and programs of this version. A fast stop takes well under a second.
 * - Backends whose server process was killed. They notice by themselves and end; PostgreSQL will not start before, as they
 *   share its memory. One that is stuck in a long statement is ended after a short wait, and the recovery makes it good.
 * - `postmaster.pid` and socket files of the dead. PostgreSQL believes them when some other process, or a zombie, has that
 *   pid now (in a container that is likely: small numbers, the same each time). They go once no process is left.
 */
export interface Leftovers {
  cluster: string;
  user: ServerUser;
  clock: Clock;
  log: Log;
}

const POLL_MS = 20;
/** Each step is waited for this long before the next, harder one. */
const STEPS = [
  { signal: "SIGINT", waitMs: 10_000, orphanWaitMs: 0 },
  // Nothing is sent to orphans in the first step, so that they can go by themselves.
  { signal: "SIGQUIT", waitMs: 5_000, orphanWaitMs: 2_000 },
  { signal: "SIGKILL", waitMs: 5_000, orphanWaitMs: 2_000 },
] as const;

/** @throws EmbeddedPostgresError `START_FAILED` when a process cannot be ended. */
export async function clearLeftovers({ cluster, user, clock, log }: Leftovers): Promise<void> {
  let left = await findProcesses(cluster, user);
  if (left.length > 0) {
    log.warn("PostgreSQL of an earlier run is still there; ending it before starting anew", { cluster, pids: left });
  }
  const wait = async (limitMs: number) => {
    const deadline = clock.monotonic() + limitMs;
    while (left.length > 0 && clock.monotonic() < deadline) {
      await clock.sleep(POLL_MS);
      left = await findProcesses(cluster, user);
    }
  };

  for (const step of STEPS) {
    const server = (await readPostmasterFile(cluster))?.pid;
    const isServerLeft = server !== undefined && left.includes(server);
    if (isServerLeft) {
      // The server ends its own backends, except when it is killed.
      send(step.signal, step.signal === "SIGKILL" ? left : [server]);
      await wait(step.waitMs);
    } else {
      await wait(step.orphanWaitMs);
      if (step.signal !== "SIGINT") send(step.signal, left);
      await wait(step.orphanWaitMs);
    }
    if (left.length === 0) break;
  }
  if (left.length > 0) {
    throw new EmbeddedPostgresError(
      "START_FAILED",
      `PostgreSQL processes of an earlier run in ${cluster} do not end (pids ${left.join(", ")}): end them by hand.`,
    );
  }
  for (const name of ["postmaster.pid", ".s.PGSQL.5432", ".s.PGSQL.5432.lock"]) {
    await rm(join(cluster, name), { force: true });
  }
}

function send(signal: NodeJS.Signals, pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // Gone meanwhile, which is what we want; one that may not be signalled is reported by the caller.
    }
  }
}

/**
 * The live PostgreSQL processes of the server's user that work in this cluster. A zombie has no working folder and is not
 * among them.
 */
async function findProcesses(cluster: string, user: ServerUser): Promise<number[]> {
  if (process.platform !== "linux") return await findServerByFile(cluster);
  const names = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(names.map((name) => isOurs(`/proc/${name}`, cluster, user)));
  return names.filter((_, index) => found[index]).map(Number);
}

async function isOurs(entry: string, cluster: string, user: ServerUser): Promise<boolean> {
  try {
    // The cheapest question first: nearly every process is sent away by it. A person's shell may stand in the folder too.
    if ((await readFile(join(entry, "comm"), "utf8")).trim() !== "postgres") return false;
    return (await readlink(join(entry, "cwd"))) === cluster && (await stat(entry)).uid === user.uid;
  } catch {
    return false;
  }
}

/** Without /proc only the server itself can be found; PostgreSQL's own check then waits for its backends. */
async function findServerByFile(cluster: string): Promise<number[]> {
  const file = await readPostmasterFile(cluster);
  if (file === undefined) return [];
  try {
    const { stdout } = await promisify(execFile)("ps", ["-o", "stat=,command=", "-p", String(file.pid)]);
    const isServer = !stdout.trim().startsWith("Z") && stdout.includes("postgres") && stdout.includes(cluster);
    return isServer ? [file.pid] : [];
  } catch {
    return [];
  }
}
