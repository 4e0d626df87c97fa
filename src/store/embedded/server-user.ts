import { readFile, stat } from "node:fs/promises";
import { userInfo } from "node:os";
import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";

/** The operating system user that the server's processes run as. */
export interface ServerUser {
  uid: number;
  gid: number;
  /** True when it is not the user of this process: Belfry runs as root, which PostgreSQL refuses to do. */
  switched: boolean;
  /** The name of the user of this process, the only one whom the server lets in. */
  clientName: string;
}

/**
 * A normal user runs the server under its own name. For root it is `nobody`, or whoever owns the cluster already, so that
 * a folder made by a normal user keeps working under sudo.
 *
 * @param cluster PostgreSQL's folder, which need not exist yet.
 * @throws EmbeddedPostgresError `FOLDER_UNUSABLE`, `UNSUPPORTED_PLATFORM`
 */
export async function chooseServerUser(cluster: string): Promise<ServerUser> {
  const uid = process.getuid?.();
  const gid = process.getgid?.();
  if (process.platform === "win32" || uid === undefined || gid === undefined) {
    throw new EmbeddedPostgresError(
      "UNSUPPORTED_PLATFORM",
      "The embedded PostgreSQL does not run on Windows: set BELFRY_DATABASE_URL to a PostgreSQL server, or use WSL.",
    );
  }
  const clientName = nameOfThisUser(uid);
  const owner = await ownerOf(cluster);

  if (uid !== 0) {
    if (owner !== undefined && owner.uid !== uid) {
      throw new EmbeddedPostgresError(
        "FOLDER_UNUSABLE",
        `${cluster} belongs to the user with uid ${owner.uid}, not to ${clientName} (uid ${uid}): ` +
          "run Belfry as that user or as root, or choose another BELFRY_DATA_DIR.",
      );
    }
    return { uid, gid, switched: false, clientName };
  }

  if (process.platform !== "linux") {
    throw new EmbeddedPostgresError(
      "UNSUPPORTED_PLATFORM",
      "The embedded PostgreSQL does not run as root on this system: run Belfry as a normal user, or set BELFRY_DATABASE_URL.",
    );
  }
  const nobody = await findNobody();
  if (owner?.uid === 0) {
    throw new EmbeddedPostgresError(
      "FOLDER_UNUSABLE",
      `${cluster} belongs to root, under which PostgreSQL refuses to run: give it to an unprivileged user, ` +
        `for example with "chown -R ${nobody.uid}:${nobody.gid} ${cluster}".`,
    );
  }
  return { ...(owner ?? nobody), switched: true, clientName };
}

async function ownerOf(path: string): Promise<{ uid: number; gid: number } | undefined> {
  try {
    const { uid, gid } = await stat(path);
    return { uid, gid };
  } catch {
    return undefined;
  }
}

/** PostgreSQL itself insists on a name for its user, and knows its clients by name. */
function nameOfThisUser(uid: number): string {
  try {
    return userInfo().username;
  } catch (error) {
    throw new EmbeddedPostgresError(
      "UNSUPPORTED_PLATFORM",
      `The user with uid ${uid} has no name on this system (no line in /etc/passwd), which the embedded PostgreSQL needs: ` +
        "add one, run Belfry as another user, or set BELFRY_DATABASE_URL.",
      { cause: error },
    );
  }
}

async function findNobody(): Promise<{ uid: number; gid: number }> {
  const passwd = await readFile("/etc/passwd", "utf8").catch(() => "");
  for (const line of passwd.split("\n")) {
    const [name, , uid, gid] = line.split(":");
    if (name === "nobody" && Number(uid) > 0) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new EmbeddedPostgresError(
    "UNSUPPORTED_PLATFORM",
    "PostgreSQL refuses to run as root and there is no user nobody in /etc/passwd to run it as: " +
      "run Belfry as a normal user, or set BELFRY_DATABASE_URL.",
  );
}
