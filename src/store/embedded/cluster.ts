import { chmod, chown, lstat, mkdtemp, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { PostgresBinaries } from "./binaries.ts";
import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";
import { runProgram } from "./program.ts";
import type { ServerUser } from "./server-user.ts";

/** What a new cluster is made with. */
export interface ClusterPlan {
  /** Where it shall be; nothing or an empty folder is there now. */
  cluster: string;
  /** Start of the name of the folder in which it is made. Same file system as `cluster`. */
  unfinished: string;
  binaries: PostgresBinaries;
  user: ServerUser;
  /** False only where losing it does not matter. Default true. */
  durable?: boolean;
}

export type ClusterState = { kind: "absent" } | { kind: "present"; major: number } | { kind: "foreign" };

/** What lies in PostgreSQL's folder, told without touching it. */
export async function inspectCluster(cluster: string): Promise<ClusterState> {
  const version = await readFile(join(cluster, "PG_VERSION"), "utf8").catch(() => "");
  const major = Number.parseInt(version, 10);
  if (major > 0) return { kind: "present", major };
  try {
    return (await readdir(cluster)).length === 0 ? { kind: "absent" } : { kind: "foreign" };
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    return missing ? { kind: "absent" } : { kind: "foreign" };
  }
}

/**
 * Makes a new cluster with `initdb`. It is made beside its place and moved there when it is whole, so that a crash in the
 * middle leaves nothing that looks like one.
 *
 * Its texts are UTF-8 and sort by code point on every machine (PostgreSQL's own C.UTF-8, not the system's library).
 *
 * @throws EmbeddedPostgresError `START_FAILED` with what initdb said.
 */
export async function createCluster({
  cluster,
  unfinished,
  binaries,
  user,
  durable = true,
}: ClusterPlan): Promise<void> {
  const fresh = await mkdtemp(unfinished);
  try {
    await give(fresh, user);
    const args = ["-D", folderArgument(fresh, user), "-U", "postgres", "-E", "UTF8", "--auth=reject"];
    // Only Linux is sure to know C.UTF-8; elsewhere the system's part is C and PostgreSQL's own the same as on Linux.
    args.push(`--locale=${process.platform === "linux" ? "C.UTF-8" : "C"}`);
    if (binaries.major >= 17) args.push("--locale-provider=builtin", "--builtin-locale=C.UTF-8");
    if (!durable) args.push("--no-sync");
    const { exitCode, output } = await runProgram(binaries.initdb, args, user, fresh);
    if (exitCode !== 0) {
      throw new EmbeddedPostgresError("START_FAILED", `initdb could not create ${cluster}: ${output}`);
    }
    await rename(fresh, cluster);
    if (durable) await syncFolder(dirname(cluster));
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** Removes what a crash left of earlier attempts. The caller holds the lock of the folder. */
export async function removeUnfinished(unfinished: string): Promise<void> {
  const parent = dirname(unfinished);
  for (const name of await readdir(parent)) {
    if (name.startsWith(basename(unfinished))) await rm(join(parent, name), { recursive: true, force: true });
  }
}

/**
 * Writes configuration files into the cluster for the server's user to read.
 *
 * They are written outside and moved in. The folder is the server user's, and when that is not us it must not be able to
 * lead our writing elsewhere by a symbolic link.
 */
export async function configureCluster(
  { cluster, unfinished, user }: Pick<ClusterPlan, "cluster" | "unfinished" | "user">,
  files: Record<string, string>,
): Promise<void> {
  const desk = await mkdtemp(unfinished);
  try {
    for (const [name, text] of Object.entries(files)) {
      const draft = join(desk, name);
      await writeFile(draft, text, { flag: "wx", mode: 0o600 });
      await give(draft, user);
      await rename(draft, join(cluster, name));
    }
  } finally {
    await rm(desk, { recursive: true, force: true });
  }
}

/**
 * How a program is told the folder it stands in. A server of another user may not be able to walk to it (a closed home on
 * the way), but it may stay where it was put: there it is called by the name that needs no walking.
 */
export function folderArgument(folder: string, user: ServerUser): string {
  return user.switched ? "/proc/self/cwd" : folder;
}

async function give(path: string, user: ServerUser): Promise<void> {
  if (!user.switched) return;
  await chown(path, user.uid, user.gid);
  if ((await lstat(path)).isDirectory()) await chmod(path, 0o700);
}

/** A rename is durable only when the folder's own entry is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
