import { access, constants, mkdtemp, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { installedBinaries } from "../../store/embedded/binaries.ts";
import { EmbeddedPostgresError } from "../../store/embedded/embedded-postgres-error.ts";
import { openEmbeddedPostgres } from "../../store/embedded/embedded-postgres.ts";
import { chooseServerUser } from "../../store/embedded/server-user.ts";
import { databaseUrl } from "../../store/embedded/socket-address.ts";
import { sentenceOf } from "../failure.ts";
import { fail, ok } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** The database of a data folder, for as long as the checks need it. */
interface ReachedDatabase {
  readonly url: string;
  /** Takes back what was done to reach it. */
  leave(): Promise<void>;
}

export interface DataFolderVisit {
  readonly findings: readonly Finding[];
  /** Undefined when there is none yet, or it cannot be reached. */
  readonly database: ReachedDatabase | undefined;
}

const CHECK = "data folder";

/** Looks at the folder of the embedded PostgreSQL, and opens it: its own server when nobody uses it, else that of the Belfry that does. */
export async function visitDataFolder(dataDir: string, clock: Clock, log: Log): Promise<DataFolderVisit> {
  const root = resolve(dataDir);
  const cluster = join(root, "postgres");
  if (!(await exists(join(cluster, "PG_VERSION"))))
    return { findings: await beforeFirstStart(root, cluster), database: undefined };
  try {
    const server = await openEmbeddedPostgres({ dataDir: root, log, clock });
    return {
      findings: [ok(CHECK, `${root}, not in use`)],
      database: { url: server.url, leave: () => server.close() },
    };
  } catch (error) {
    if (error instanceof EmbeddedPostgresError && error.code === "IN_USE") {
      return { findings: [ok(CHECK, sentenceOf(error))], database: await databaseInUse(cluster) };
    }
    return { findings: [unusable(error)], database: undefined };
  }
}

async function beforeFirstStart(root: string, cluster: string): Promise<readonly Finding[]> {
  const place = await nearestExisting(root);
  try {
    await access(place, constants.W_OK | constants.X_OK);
  } catch (error) {
    return [
      fail(
        CHECK,
        `${root} cannot be made: ${sentenceOf(error)}`,
        "Take the right to write there, or choose another BELFRY_DATA_DIR.",
      ),
    ];
  }
  try {
    const { major } = await installedBinaries(await chooseServerUser(cluster));
    return [ok(CHECK, `${root} holds no database yet; the first start makes one with PostgreSQL ${major}`)];
  } catch (error) {
    return [unusable(error)];
  }
}

function unusable(error: unknown): Finding {
  return fail(CHECK, sentenceOf(error), "Do what the message says, or set BELFRY_DATABASE_URL to a PostgreSQL server.");
}

/** By a link of our own: the path to the server's socket may be too long for a socket address. */
async function databaseInUse(cluster: string): Promise<ReachedDatabase> {
  const folder = await mkdtemp(join(tmpdir(), "belfry-doctor-"));
  const link = join(folder, "postgres");
  await symlink(cluster, link);
  return { url: databaseUrl(link, "belfry"), leave: () => rm(folder, { recursive: true, force: true }) };
}

async function nearestExisting(path: string): Promise<string> {
  for (let place = path; ; place = dirname(place)) {
    if ((await exists(place)) || place === dirname(place)) return place;
  }
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
