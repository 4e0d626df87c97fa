/**
 * Adds to package-lock.json what npm leaves out of it: the binary packages of other platforms.
 *
 * A package with native code lists one optional dependency for each platform. npm writes only those into the lock that
 * it could read when it made the lock; one that a mirror did not have is missing, and `npm ci` refuses such a lock
 * everywhere (https://github.com/npm/cli/issues/4828). The versions are exact in the parent's own manifest, so the
 * entries can be written without asking a registry. They carry no integrity hash; npm adds it where it installs one.
 *
 * Run after every change of dependencies: `npm run lock:complete`.
 */
import { readFile, writeFile } from "node:fs/promises";

interface LockEntry {
  version?: string;
  resolved?: string;
  integrity?: string;
  dev?: boolean;
  optional?: boolean;
  cpu?: string[];
  os?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

interface Lock {
  packages: Record<string, LockEntry>;
}

const OS: Record<string, string> = { windows: "win32" };
const OPERATING_SYSTEMS = new Set([
  "aix",
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "sunos",
  "win32",
  "windows",
]);
const CPU: Record<string, string> = { aarch64: "arm64", armv7: "arm", riscv64gc: "riscv64" };
const CPUS = new Set([
  "aarch64",
  "arm",
  "arm64",
  "armv7",
  "ia32",
  "loong64",
  "mips64el",
  "ppc64",
  "riscv64",
  "s390x",
  "universal",
  "wasm32",
  "x64",
]);

/** What a platform package's name says it runs on; undefined when the name is not one of a platform package. */
export function platformOf(name: string): Pick<LockEntry, "cpu" | "os" | "libc"> | undefined {
  const words = name.slice(name.indexOf("/") + 1).split("-");
  const os = words.find((word) => OPERATING_SYSTEMS.has(word));
  const cpu = words.find((word) => CPUS.has(word));
  if (!os || !cpu) return undefined;
  const libc = os === "linux" ? words.find((word) => word.startsWith("gnu") || word.startsWith("musl")) : undefined;
  return {
    ...(cpu === "universal" ? {} : { cpu: [CPU[cpu] ?? cpu] }),
    ...(libc ? { libc: [libc.startsWith("musl") ? "musl" : "glibc"] } : {}),
    os: [OS[os] ?? os],
  };
}

/** The lock with an entry for each platform package that a locked package names; the names added. */
export function completeLock(lock: Lock): { readonly lock: Lock; readonly added: readonly string[] } {
  const packages = { ...lock.packages };
  const added: string[] = [];
  for (const [path, parent] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      const platform = platformOf(name);
      const place = `node_modules/${name}`;
      if (!platform || packages[place] || packages[`${path}/${place}`]) continue;
      packages[place] = { version, ...(parent.dev ? { dev: true } : {}), optional: true, ...platform };
      added.push(`${name}@${version}`);
    }
  }
  const inOrder = Object.entries(packages).toSorted(([a], [b]) => a.localeCompare(b, "en"));
  return { lock: { ...lock, packages: Object.fromEntries(inOrder) }, added };
}

if (import.meta.main) {
  const file = "package-lock.json";
  const { lock, added } = completeLock(JSON.parse(await readFile(file, "utf8")));
  if (added.length > 0) await writeFile(file, `${JSON.stringify(lock, undefined, 2)}\n`);
  process.stdout.write(
    added.length > 0 ? `Added to ${file}:\n${added.join("\n")}\n` : `${file} names every platform\n`,
  );
}
