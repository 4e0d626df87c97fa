import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "../../..");

/** Says what it was given and does as its first argument says. */
const MAIN = `
const [what, ...rest]: string[] = process.argv.slice(2);
if (what === "wait") {
  process.on("SIGTERM", () => {
    console.log("drained");
    process.exit(3);
  });
  setInterval(() => {}, 60_000);
  console.log("ready");
} else if (what === "die") process.kill(process.pid, "SIGKILL");
else {
  console.log(JSON.stringify({ rest, handedOver: process.env.HANDED_OVER === "yes", script: process.argv[1] }));
  process.exitCode = 7;
}
`;

/** Stands for the Node of the dependency: the one that runs this test, and tells that it was this way. */
const BUNDLED_NODE = `#!/bin/sh
HANDED_OVER=yes exec "${process.execPath}" "$@"
`;

let parent = "";
/** Where Belfry is installed with its dependencies. */
let folder = "";
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), "belfry-command-"));
  folder = join(parent, "whole");
  await cp(join(ROOT, "bin"), join(folder, "bin"), { recursive: true });
  await writeFile(join(folder, "package.json"), '{"type": "module"}');
  await mkdir(join(folder, "src"));
  await writeFile(join(folder, "src/main.ts"), MAIN);
  await writeFile(
    join(folder, "old-node.mjs"),
    'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.0" } });',
  );
  await mkdir(join(folder, "node_modules/node/bin"), { recursive: true });
  await writeFile(join(folder, "node_modules/node/package.json"), "{}");
  await writeFile(join(folder, "node_modules/node/bin/node"), BUNDLED_NODE, { mode: 0o755 });
});
afterAll(async () => {
  await rm(parent, { recursive: true, force: true });
});

function start(args: readonly string[], { old = false, home = folder } = {}) {
  const pretend = old ? ["--import", join(folder, "old-node.mjs")] : [];
  const child = spawn(process.execPath, [...pretend, join(home, "bin/belfry.js"), ...args], { stdio: "pipe" });
  child.stdin.end();
  const ended = once(child, "close").then(([code, signal]) => ({ code, signal }));
  return { child, ended, stderr: text(child.stderr) };
}

describe("the belfry command", () => {
  it("runs in the Node that is there when it is new enough", async () => {
    const { child, ended } = start(["say", "--name", "two words"]);
    const said = JSON.parse(await text(child.stdout));
    expect(said).toEqual({ rest: ["--name", "two words"], handedOver: false, script: join(folder, "src/main.ts") });
    expect(await ended).toEqual({ code: 7, signal: null });
  });

  it("hands over to the Node of the dependency when its own is too old, arguments and exit code included", async () => {
    const { child, ended } = start(["say", "--name", "two words"], { old: true });
    const said = JSON.parse(await text(child.stdout));
    expect(said).toEqual({ rest: ["--name", "two words"], handedOver: true, script: join(folder, "src/main.ts") });
    expect(await ended).toEqual({ code: 7, signal: null });
  });

  it("passes a signal on and waits for the end", async () => {
    const { child, ended } = start(["wait"], { old: true });
    const [first] = await once(child.stdout, "data");
    expect(String(first)).toBe("ready\n");
    const rest = text(child.stdout);
    child.kill("SIGTERM");
    expect(await rest).toBe("drained\n");
    expect(await ended).toEqual({ code: 3, signal: null });
  });

  it("ends by the signal that ended the other Node", async () => {
    const { ended } = start(["die"], { old: true });
    expect(await ended).toEqual({ code: null, signal: "SIGKILL" });
  });

  it("says what to do when there is no Node to hand over to", async () => {
    const bare = join(parent, "bare");
    for (const part of ["bin", "src", "package.json"]) {
      await cp(join(folder, part), join(bare, part), { recursive: true });
    }
    const { ended, stderr } = start(["say"], { old: true, home: bare });
    expect(await stderr).toContain("belfry needs Node 24 or later");
    expect(await ended).toEqual({ code: 1, signal: null });
  });
});
