import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

const CACHE = resolve(import.meta.dirname, "../../node_modules/.cache/belfry");
const LIMIT_MS = 300_000;
const POLL_MS = 200;

/**
 * Installs something on this machine, one test process of this checkout at a time: the system's installer refuses a second one. What is to be installed
 * may be there when its turn comes. A lock whose holder has died is taken over.
 */
export async function installing<Result>(work: () => Promise<Result>): Promise<Result> {
  await mkdir(CACHE, { recursive: true });
  const lock = join(CACHE, "installing.lock");
  for (let waitedMs = 0; !(await take(lock)); waitedMs += POLL_MS) {
    if (waitedMs > LIMIT_MS) throw new Error(`${lock} has been held for ${LIMIT_MS / 1000} s`);
    await new Promise((wake) => setTimeout(wake, POLL_MS));
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function take(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch {
    if (await isAlive(lock)) return false;
    await rm(lock, { force: true });
    return false;
  }
}

async function isAlive(lock: string): Promise<boolean> {
  try {
    const pid = Number(await readFile(lock, "utf8"));
    // An empty file is one that its holder is about to write.
    if (pid > 0) process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
