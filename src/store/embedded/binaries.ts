import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";
import { runProgram } from "./program.ts";
import type { ServerUser } from "./server-user.ts";
import { shareNative } from "./shared-binaries.ts";

/** PostgreSQL's programs, seen to run here as the server's user. */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  /** As the program tells it, for example 18. */
  major: number;
}

/**
 * Finds the programs that npm installed for this platform. When the server's user cannot reach them (the project lies in
 * root's home), a copy is made where it can.
 *
 * @throws EmbeddedPostgresError `BINARIES_MISSING`, `BINARIES_UNUSABLE`
 */
export async function installedBinaries(user: ServerUser): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const { native, version } = await locatePackage(name);
  try {
    return await binariesIn(join(native, "bin"), user);
  } catch (error) {
    if (!user.switched || !(error instanceof EmbeddedPostgresError) || !isAccessDenied(error.cause)) throw error;
    const shared = await shareNative(native, `postgresql-${version}-${process.platform}-${process.arch}`);
    return await binariesIn(join(shared, "bin"), user);
  }
}

/**
 * The programs of one `bin` folder.
 *
 * @throws EmbeddedPostgresError `BINARIES_UNUSABLE` when `postgres` does not run; the cause says why.
 */
export async function binariesIn(bin: string, user: ServerUser): Promise<PostgresBinaries> {
  const postgres = join(bin, "postgres");
  let answer: { exitCode?: number; output: string };
  try {
    answer = await runProgram(postgres, ["--version"], user);
  } catch (error) {
    const hint =
      process.platform === "linux" ? " It needs a Linux with glibc (Debian, Ubuntu, Fedora; not Alpine)." : "";
    throw new EmbeddedPostgresError(
      "BINARIES_UNUSABLE",
      `${postgres} cannot be run: ${error instanceof Error ? error.message : String(error)}.${hint} ` +
        "Otherwise set BELFRY_DATABASE_URL to a PostgreSQL server.",
      { cause: error },
    );
  }
  const major = /\(PostgreSQL\) (\d+)/.exec(answer.output)?.[1];
  if (answer.exitCode !== 0 || major === undefined) {
    throw new EmbeddedPostgresError(
      "BINARIES_UNUSABLE",
      `${postgres} does not work here: ${answer.output || "it ended without a word"}. If libraries are missing, npm ran with ` +
        '--ignore-scripts: run "npm rebuild". Otherwise set BELFRY_DATABASE_URL to a PostgreSQL server.',
    );
  }
  return { initdb: join(bin, "initdb"), postgres, major: Number(major) };
}

async function locatePackage(name: string): Promise<{ native: string; version: string }> {
  let folder: string;
  try {
    folder = join(dirname(createRequire(import.meta.url).resolve(name)), "..");
  } catch (error) {
    throw new EmbeddedPostgresError(
      "BINARIES_MISSING",
      `The embedded PostgreSQL for this platform is not installed (npm package ${name}): ` +
        'run "npm ci" without leaving out optional dependencies, or set BELFRY_DATABASE_URL to a PostgreSQL server.',
      { cause: error },
    );
  }
  const manifest: unknown = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const version =
    typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "unknown";
  return { native: join(folder, "native"), version };
}

function isAccessDenied(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EACCES";
}
