import { chmod, cp, lstat, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";

/**
 * A copy of PostgreSQL's programs for a server that runs as another user than root, when the originals lie where only
 * root can go. All Belfrys of the machine share one copy a version.
 *
 * What is run from here must be what npm installed, so:
 *
 * B1. Every folder on the way is root's and writable by nobody else, or sticky, so that none of it can be exchanged.
 * B2. A copy appears whole, by a rename; of two at once the second finds the first's.
 * B3. A copy found is used only if it has the same files with the same sizes; another one is replaced.
 *
 * `/var/cache` comes first: unlike a temporary folder nobody cleans it while the server runs.
 */
const PLACES = ["/var/cache/belfry", "/var/tmp/belfry"];

/**
 * @param native the folder with `bin`, `lib` and `share`.
 * @param name what the copy is called: one name a version and platform.
 * @returns the folder of the copy.
 * @throws EmbeddedPostgresError `BINARIES_UNUSABLE` when no place can hold it.
 */
export async function shareNative(native: string, name: string, places: readonly string[] = PLACES): Promise<string> {
  const obstacles: string[] = [];
  for (const place of places) {
    try {
      return await shareIn(place, native, name);
    } catch (error) {
      obstacles.push(`${place}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new EmbeddedPostgresError(
    "BINARIES_UNUSABLE",
    `PostgreSQL refuses to run as root, and ${native} is closed to the user it would run as; it cannot be copied either ` +
      `(${obstacles.join("; ")}). Install Belfry where everybody may read, run it as a normal user, or set BELFRY_DATABASE_URL.`,
  );
}

async function shareIn(place: string, native: string, name: string): Promise<string> {
  await mkdir(place, { recursive: true, mode: 0o755 });
  // Also right under a umask that closes what root makes. Judged first: the mode of a stranger's folder is not ours.
  await assertRootsOwn(place);
  await chmod(place, 0o755);

  const copy = join(place, name);
  const wanted = await listing(native);
  if ((await listing(copy)) === wanted) return copy; // B3

  const fresh = await mkdtemp(join(place, "unfinished-"));
  try {
    await cp(native, fresh, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
    await openToAll(fresh);
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        await rename(fresh, copy); // B2
        return copy;
      } catch (error) {
        if (!isTaken(error)) throw error;
      }
      if ((await listing(copy)) === wanted) return copy;
      // Moved, not removed in place: a server that runs from it keeps what it has open.
      await rename(copy, join(fresh, "replaced")).catch(() => undefined);
      await rm(join(fresh, "replaced"), { recursive: true, force: true });
    }
    throw new Error("others keep changing the copy");
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function assertRootsOwn(path: string): Promise<void> {
  for (let folder = path; ; folder = dirname(folder)) {
    const found = await lstat(folder);
    const othersWrite = (found.mode & 0o022) !== 0;
    const sticky = (found.mode & 0o1000) !== 0;
    if (!found.isDirectory() || found.uid !== 0 || (othersWrite && !(sticky && folder !== path))) {
      throw new Error(`${folder} is not a folder that only root can change`); // B1
    }
    if (folder === dirname(folder)) return;
  }
}

/** Every file with its kind and size, in one text; empty when there is nothing. */
async function listing(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const lines: string[] = [];
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) continue;
    const { size } = await lstat(path);
    lines.push(`${relative(folder, path)} ${entry.isSymbolicLink() ? "link" : size}`);
  }
  return lines.toSorted().join("\n");
}

/** npm may have installed under a umask that closes everything to others. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink()) continue;
    const executable = entry.isDirectory() || ((await lstat(path)).mode & 0o100) !== 0;
    await chmod(path, executable ? 0o755 : 0o644);
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOTEMPTY" || error.code === "EEXIST");
}
