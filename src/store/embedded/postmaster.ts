import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import type { Clock } from "../../ports/clock.ts";
import type { PostgresBinaries } from "./binaries.ts";
import { folderArgument } from "./cluster.ts";
import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";
import { readPostmasterFile } from "./postmaster-file.ts";
import { PROGRAM_ENVIRONMENT } from "./program.ts";
import { openServerLog } from "./server-log.ts";
import type { ServerLog } from "./server-log.ts";
import type { ServerUser } from "./server-user.ts";

/** How a server process ended. */
export interface PostmasterExit {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
}

/** A server of ours that took connections when we got it. */
export interface Postmaster {
  pid: number;
  /** Resolves when the process is gone, for whatever reason. Never rejects. */
  exited: Promise<PostmasterExit>;
  /**
   * Ends it and resolves when it is gone. `fast` rolls back what is open and writes everything down; `immediate` leaves
   * that to the recovery at the next start. Whichever does not work in time is followed by something harder.
   */
  stop(how: "fast" | "immediate"): Promise<void>;
}

export interface PostmasterPlan {
  cluster: string;
  binaries: PostgresBinaries;
  user: ServerUser;
  logPath: string;
  clock: Clock;
  /** Gives up the start. */
  signal?: AbortSignal;
}

const READY_POLL_MS = 10;
/** Recovery reads back at most `max_wal_size` of log, which takes seconds; on a very slow disk, minutes. */
const READY_LIMIT_MS = 5 * 60_000;
const FAST_STOP_LIMIT_MS = 10_000;
const IMMEDIATE_STOP_LIMIT_MS = 5_000;

/**
 * Starts the server on a configured cluster that nobody else runs, and waits until it takes connections.
 *
 * @throws EmbeddedPostgresError `START_FAILED` with the end of the server's log.
 * @throws the signal's reason when it aborts first.
 */
export async function startPostmaster(plan: PostmasterPlan): Promise<Postmaster> {
  plan.signal?.throwIfAborted();
  const log = await openServerLog(plan.logPath);
  let child: ChildProcess;
  try {
    child = spawn(plan.binaries.postgres, ["-D", folderArgument(plan.cluster, plan.user)], {
      cwd: plan.cluster,
      env: PROGRAM_ENVIRONMENT,
      stdio: ["ignore", log.file.fd, log.file.fd],
      // A session of its own: Ctrl-C at the terminal goes to Belfry, which drains first and stops the server last.
      detached: true,
      ...(plan.user.switched ? { uid: plan.user.uid, gid: plan.user.gid } : {}),
    });
  } finally {
    await log.file.close();
  }
  const exited = exitOf(child);
  const { pid } = child;
  if (pid === undefined) {
    throw new EmbeddedPostgresError("START_FAILED", `${plan.binaries.postgres} cannot be started.`);
  }
  // The last resort when this process ends without closing: it can still send a signal, but wait for nothing.
  const goDownTogether = () => child.kill("SIGINT");
  process.once("exit", goDownTogether);
  void exited.then(() => process.off("exit", goDownTogether));

  const stop = (how: "fast" | "immediate") => stopChild(child, exited, how, plan.clock);
  try {
    await becomeReady(pid, exited, plan, log);
  } catch (error) {
    await stop("immediate");
    throw error;
  }
  return { pid, exited, stop };
}

async function becomeReady(
  pid: number,
  exited: Promise<PostmasterExit>,
  { cluster, clock, signal }: PostmasterPlan,
  log: ServerLog,
): Promise<void> {
  let exit: PostmasterExit | undefined;
  void exited.then((how) => (exit = how));
  const deadline = clock.monotonic() + READY_LIMIT_MS;
  for (;;) {
    const file = await readPostmasterFile(cluster);
    // Its own pid: the file of an earlier server may say ready too.
    if (file?.pid === pid && file.ready) return;
    if (exit !== undefined) {
      const how = exit.signal ?? `exit code ${exit.exitCode}`;
      throw new EmbeddedPostgresError(
        "START_FAILED",
        `PostgreSQL in ${cluster} ended while starting (${how}). Its log, ${log.path}, says: ${await log.tail()}`,
      );
    }
    if (clock.monotonic() > deadline) {
      throw new EmbeddedPostgresError(
        "START_FAILED",
        `PostgreSQL in ${cluster} is not ready after ${READY_LIMIT_MS / 1000} s. Its log, ${log.path}, says: ${await log.tail()}`,
      );
    }
    await clock.sleep(READY_POLL_MS, signal);
  }
}

function exitOf(child: ChildProcess): Promise<PostmasterExit> {
  return new Promise((resolve) => {
    child.once("exit", (exitCode, signal) => resolve({ exitCode, signal }));
    // Not started at all; the missing pid tells so.
    child.once("error", () => resolve({ exitCode: null, signal: null }));
  });
}

async function stopChild(
  child: ChildProcess,
  exited: Promise<PostmasterExit>,
  how: "fast" | "immediate",
  clock: Clock,
): Promise<void> {
  if (how === "fast") {
    child.kill("SIGINT");
    if (await endsWithin(FAST_STOP_LIMIT_MS, exited, clock)) return;
  }
  child.kill("SIGQUIT");
  if (await endsWithin(IMMEDIATE_STOP_LIMIT_MS, exited, clock)) return;
  child.kill("SIGKILL");
  await exited;
}

async function endsWithin(limitMs: number, exited: Promise<unknown>, clock: Clock): Promise<boolean> {
  const waiting = new AbortController();
  try {
    return await Promise.race([
      exited.then(() => true),
      clock.sleep(limitMs, waiting.signal).then(
        () => false,
        () => true,
      ),
    ]);
  } finally {
    waiting.abort();
  }
}
