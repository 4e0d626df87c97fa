import { mkdir, realpath, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";

/** Where everything of one embedded server lies. All paths are absolute and free of symbolic links. */
export interface DataFolder {
  /** The data folder itself (`BELFRY_DATA_DIR`). */
  root: string;
  /** True when any user may write into it, as into a temporary folder. */
  isOpenToAll: boolean;
  /** PostgreSQL's own folder (PGDATA); it appears whole or not at all. Belongs to the server's user. */
  cluster: string;
  /** Start of the names of folders on their way to become `cluster` or part of it; left over only after a crash. */
  unfinished: string;
  /** What the server prints; the log before it is kept with `.1` added. */
  serverLog: string;
  /** An empty file on which the kernel lock of the folder is held. */
  lock: string;
  /** The pid of the process that holds the lock, for messages only. */
  holder: string;
}

/**
 * Creates the data folder where it is missing: closed to others, except that root lets them pass through (not list), for
 * the server runs as another user then.
 *
 * @throws EmbeddedPostgresError `FOLDER_UNUSABLE` when it cannot be created.
 */
export async function prepareDataFolder(dataDir: string): Promise<DataFolder> {
  const asRoot = process.getuid?.() === 0;
  const path = resolve(dataDir);
  let root: string;
  let isOpenToAll: boolean;
  try {
    await mkdir(path, { recursive: true, mode: asRoot ? 0o711 : 0o700 });
    root = await realpath(path);
    isOpenToAll = ((await stat(root)).mode & 0o002) !== 0;
  } catch (error) {
    throw new EmbeddedPostgresError(
      "FOLDER_UNUSABLE",
      `The data folder ${path} cannot be created: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
  return {
    root,
    isOpenToAll,
    cluster: join(root, "postgres"),
    unfinished: join(root, "postgres.unfinished-"),
    serverLog: join(root, "postgres.log"),
    lock: join(root, "belfry.lock"),
    holder: join(root, "belfry.pid"),
  };
}
