import { closeSync, openSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../ports/clock.ts";
import type { DataFolder } from "./data-folder.ts";
import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";

/**
 * One Belfry a data folder.
 *
 * The lock is the kernel's own lock on a file (fcntl), taken without waiting. The kernel gives it to exactly one process,
 * however many ask at once, and takes it back when that process ends in whatever way: there is no stale lock to tell from
 * a live one. Node has no call for it, but SQLite, which is part of Node, takes just this lock for `BEGIN IMMEDIATE`; the
 * database stays empty and nothing is ever written to it. (Not `BEGIN EXCLUSIVE`: it takes several locks in a row, and two
 * that begin at once can refuse each other.)
 *
 * The pid file beside it only serves the message to whoever comes second; nothing is decided by it.
 */
export type FolderLock =
  | { kind: "acquired"; release(): Promise<void> }
  /** `holderPid` is absent when the holder did not say who it is. */
  | { kind: "held"; holderPid?: number };

const SQLITE_BUSY = 5;
/** How long the second comer waits for the holder, who may have just begun, to write its pid. */
const HOLDER_PATIENCE_MS = 1_000;
const HOLDER_POLL_MS = 20;

/** Locks nobody refers to any more must not be collected: that would close the file and free the folder. */
const locksOfThisProcess = new Set<DatabaseSync>();

/** @throws EmbeddedPostgresError `FOLDER_UNUSABLE` when files cannot be made or locked there. */
export async function lockFolder(folder: DataFolder, clock: Clock): Promise<FolderLock> {
  let file: DatabaseSync | undefined;
  try {
    createPrivately(folder.lock);
    file = new DatabaseSync(folder.lock);
    file.exec("BEGIN IMMEDIATE");
  } catch (error) {
    file?.close();
    if (isBusy(error)) {
      const holderPid = await readHolder(folder.holder, clock);
      return holderPid === undefined ? { kind: "held" } : { kind: "held", holderPid };
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new EmbeddedPostgresError("FOLDER_UNUSABLE", `${folder.lock} cannot be locked: ${reason}`, { cause: error });
  }
  return await introduce(file, folder.holder);
}

async function introduce(file: DatabaseSync, holder: string): Promise<FolderLock> {
  locksOfThisProcess.add(file);

  const release = async () => {
    if (!locksOfThisProcess.delete(file)) return;
    await rm(holder, { force: true });
    file.close();
  };
  try {
    // A new file each time: never one that somebody else put there. The line's end tells a reader that it is whole.
    await rm(holder, { force: true });
    await writeFile(holder, `${process.pid}\n`, { flag: "wx", mode: 0o600 });
  } catch (error) {
    await release();
    throw error;
  }
  return { kind: "acquired", release };
}

/**
 * The file must belong to us alone, for even a reader could hold the lock against us. It is opened only when it does not
 * exist yet: closing any other descriptor of a file frees the locks that this process has on it.
 */
function createPrivately(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY;
}

async function readHolder(path: string, clock: Clock): Promise<number | undefined> {
  const deadline = clock.monotonic() + HOLDER_PATIENCE_MS;
  do {
    const text = await readFile(path, "utf8").catch(() => "");
    const pid = text.endsWith("\n") ? Number(text) : Number.NaN;
    // A dead process in the file is the one before the holder.
    if (Number.isInteger(pid) && pid > 0 && isAlive(pid)) return pid;
    await clock.sleep(HOLDER_POLL_MS);
  } while (clock.monotonic() < deadline);
  return undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
