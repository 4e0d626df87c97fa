import { mkdtemp, readdir, readlink, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The folder by which clients reach the server's socket. */
export interface SocketAddress {
  folder: string;
  /** Removes what was made for it. */
  remove(): Promise<void>;
}

const SOCKET_NAME = ".s.PGSQL.5432";
/** What fits in a socket address: 104 bytes with the final zero on macOS, 108 on Linux. */
const LONGEST_PATH_BYTES = 103;
const SHORTCUT_PREFIX = "belfry-socket-";
const SHORTCUT_NAME = "postgres";

/**
 * The server makes its socket inside its own folder, which is closed to others. When the path to it is too long for a
 * socket address, a link in a private temporary folder makes a short one.
 */
export async function socketAddress(cluster: string): Promise<SocketAddress> {
  if (fits(cluster)) return { folder: cluster, remove: async () => {} };

  const short = join(tmpdir(), `${SHORTCUT_PREFIX}XXXXXX`, SHORTCUT_NAME);
  const place = fits(short) ? tmpdir() : "/tmp";
  await removeOldShortcuts(place, cluster);
  const folder = await mkdtemp(join(place, SHORTCUT_PREFIX));
  await symlink(cluster, join(folder, SHORTCUT_NAME));
  return { folder: join(folder, SHORTCUT_NAME), remove: () => rm(folder, { recursive: true, force: true }) };
}

/** The URL of one of the server's databases, as `pg` and libpq read it. The port is a part of the socket's name. */
export function databaseUrl(folder: string, database: string): string {
  return `postgres://postgres@${encodeURIComponent(folder)}:5432/${encodeURIComponent(database)}`;
}

function fits(folder: string): boolean {
  return Buffer.byteLength(join(folder, SOCKET_NAME)) <= LONGEST_PATH_BYTES;
}

/** Those to this cluster which a killed Belfry left. The caller holds the lock of the folder, so they serve nobody. */
async function removeOldShortcuts(place: string, cluster: string): Promise<void> {
  for (const name of await readdir(place)) {
    if (!name.startsWith(SHORTCUT_PREFIX)) continue;
    const target = await readlink(join(place, name, SHORTCUT_NAME)).catch(() => undefined);
    if (target === cluster) await rm(join(place, name), { recursive: true, force: true }).catch(() => undefined);
  }
}
