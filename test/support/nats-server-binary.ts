import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { access, constants, cp, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";
import { installing } from "./installing.ts";

const run = promisify(execFile);

const NAME = "nats-server";
const CACHE = resolve(import.meta.dirname, "../../node_modules/.cache/belfry");

let found: Promise<string> | undefined;

/**
 * The path of a nats-server: from PATH, from /usr/sbin, from the cache of an earlier run, or else fetched from the machine's Debian or Ubuntu
 * packages (installed as root, unpacked into the cache otherwise).
 *
 * @throws when there is none and it cannot be fetched; the message says how to install it.
 */
export function natsServerBinary(): Promise<string> {
  found ??= installed().then((path) => path ?? installing(fetched));
  return found;
}

async function installed(): Promise<string | undefined> {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin", CACHE];
  for (const folder of folders) {
    const path = join(folder, NAME);
    if (folder !== "" && (await isProgram(path))) return path;
  }
  return undefined;
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function fetched(): Promise<string> {
  // Another test process may have been at it while this one waited for the lock.
  const there = await installed();
  if (there !== undefined) return there;
  try {
    if (process.getuid?.() === 0) await install();
    else await unpack();
  } catch (error) {
    throw new Error(advice(), { cause: error });
  }
  const path = await installed();
  if (path === undefined) throw new Error(advice());
  return path;
}

async function install(): Promise<void> {
  console.error(`Tests need ${NAME}: installing it (apt-get install ${NAME}) …`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["update"], { env });
  await run("apt-get", ["install", "-y", "--no-install-recommends", NAME], { env });
}

async function unpack(): Promise<void> {
  console.error(`Tests need ${NAME}: fetching the package of this system into node_modules/.cache/belfry …`);
  const folder = await mkdtemp(join(tmpdir(), "belfry-nats-package-"));
  try {
    await run("apt-get", ["download", NAME], { cwd: folder });
    const archive = (await readdir(folder)).find((name) => name.endsWith(".deb"));
    if (archive === undefined) throw new Error(`apt-get downloaded no package ${NAME}`);
    await run("dpkg", ["-x", archive, "unpacked"], { cwd: folder });
    const inSbin = join(folder, "unpacked/usr/sbin", NAME);
    const unpacked = (await isProgram(inSbin)) ? inSbin : join(folder, "unpacked/usr/bin", NAME);
    await mkdir(CACHE, { recursive: true });
    // Whole or absent: copied beside, then renamed.
    const beside = join(CACHE, `.${NAME}-${randomBytes(6).toString("hex")}`);
    await cp(unpacked, beside);
    await rename(beside, join(CACHE, NAME));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function advice(): string {
  return (
    `Tests need ${NAME}, and it could not be fetched by itself. Install it (Debian, Ubuntu: apt-get install ${NAME}; macOS: brew install ${NAME}; ` +
    `others: https://docs.nats.io/running-a-nats-service/introduction/installation) and see that it is on PATH.`
  );
}
