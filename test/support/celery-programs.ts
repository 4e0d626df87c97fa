/** Celery, what it needs of Python, and Redis, as this machine has them. */
import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { installing } from "./installing.ts";

const run = promisify(execFile);

/** Why a machine does not have them. */
export const MISSING = {
  packages: "Celery, its backends and Redis are not there, and this system has no apt-get to install them with",
  root: "Celery, its backends and Redis are not there, and installing them takes root",
  install: "Celery, its backends and Redis are not there, and apt-get could not install them",
} as const;

export type CeleryPrograms =
  | { readonly kind: "there"; readonly python: string; readonly redis: string; readonly versions: string }
  | { readonly kind: "missing"; readonly reason: keyof typeof MISSING; readonly detail: string };

const PACKAGES = [
  "redis-server",
  "python3-celery",
  "python3-redis",
  "python3-sqlalchemy",
  "python3-psycopg2",
  "python3-django-celery-results",
];
const VERSIONS = `
import celery, django_celery_results, psycopg2, redis, sqlalchemy, sys
print("Celery", celery.__version__, "on Python", sys.version.split()[0] + ",", "django-celery-results", django_celery_results.__version__)
`;

/** Finds them; installs them from the packages of Debian or Ubuntu where they are missing and that is possible. */
export async function celeryPrograms(): Promise<CeleryPrograms> {
  const found = await installed();
  if (found !== undefined) return found;
  if (process.getuid?.() !== 0) return { kind: "missing", reason: "root", detail: advice() };
  if ((await programIn("apt-get")) === undefined) return { kind: "missing", reason: "packages", detail: advice() };
  try {
    await installing(async () => (await installed()) ?? install());
  } catch (error) {
    return { kind: "missing", reason: "install", detail: error instanceof Error ? error.message : String(error) };
  }
  return (await installed()) ?? { kind: "missing", reason: "install", detail: advice() };
}

async function installed(): Promise<Extract<CeleryPrograms, { readonly kind: "there" }> | undefined> {
  const redis = await programIn("redis-server");
  if (redis === undefined) return undefined;
  // The first python3 of the path may be another than that of the system, which has the packages.
  for (const python of ["python3", "/usr/bin/python3"]) {
    try {
      const { stdout } = await run(python, ["-c", VERSIONS]);
      return { kind: "there", python, redis, versions: stdout.trim() };
    } catch {
      // Not this one.
    }
  }
  return undefined;
}

async function programIn(name: string): Promise<string | undefined> {
  for (const folder of [...(process.env["PATH"] ?? "").split(delimiter), "/usr/bin", "/usr/sbin"]) {
    const path = join(folder, name);
    try {
      await access(path, constants.X_OK);
      if (folder !== "") return path;
    } catch {
      // Not here.
    }
  }
  return undefined;
}

async function install(): Promise<void> {
  console.error(`Tests need Celery and Redis: installing them (apt-get install ${PACKAGES.join(" ")}) …`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["update"], { env });
  await run("apt-get", ["install", "-y", "--no-install-recommends", ...PACKAGES], { env, maxBuffer: 64 * 1024 * 1024 });
  // Where there is systemd the package starts a server at once, and at each boot; tests have their own.
  await run("systemctl", ["disable", "--now", "redis-server"]).catch(() => {});
}

function advice(): string {
  return `Install them by hand (Debian, Ubuntu: apt-get install ${PACKAGES.join(" ")}).`;
}
