#!/usr/bin/env node
/**
 * The `belfry` command. It runs under whatever Node is there (18 or later) and hands over to one that can run the
 * TypeScript sources: this one when it is new enough, else the Node 24 that came as a dependency.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const SOURCE = new URL("../src/main.ts", import.meta.url);
/** An installed package holds what was built from the sources: Node strips no types below node_modules. */
const MAIN = existsSync(SOURCE) ? SOURCE : new URL("../dist/main.js", import.meta.url);
/** The line of Node that Belfry is tested on; older ones lack syntax that the sources use. */
const NEEDED_MAJOR = 24;

if (Number.parseInt(process.versions.node, 10) >= NEEDED_MAJOR) {
  process.argv[1] = fileURLToPath(MAIN);
  await import(MAIN.href);
} else {
  const node = bundledNode();
  if (node) handOver(node);
  else complain();
}

/** The path of the dependency's Node; undefined when it is not installed. */
function bundledNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve("node/package.json");
    return join(dirname(manifest), "bin", process.platform === "win32" ? "node.exe" : "node");
  } catch {
    return undefined;
  }
}

function complain() {
  process.stderr.write(
    `belfry needs Node ${NEEDED_MAJOR} or later. This is ${process.versions.node}, and the package "node", which would ` +
      "bring one, is not installed: run `npm ci` in Belfry's folder, or use a newer Node.\n",
  );
  process.exitCode = 1;
}

/** Runs the same command line under another Node; signals go there, its end comes back. */
function handOver(node) {
  const child = spawn(node, [...process.execArgv, fileURLToPath(MAIN), ...process.argv.slice(2)], { stdio: "inherit" });
  // A terminal sends its own signals to parent and child alike; one sent on would be a second one, which means "at once".
  const fromTerminal = process.stdin.isTTY ? ["SIGINT", "SIGQUIT"] : [];
  const signals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"].filter((signal) => signal in constants.signals);
  const forward = (signal) => {
    if (!fromTerminal.includes(signal)) child.kill(signal);
  };
  for (const signal of signals) process.on(signal, forward);
  child.once("error", (error) => {
    process.stderr.write(`belfry cannot start ${node}: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.once("exit", (code, signal) => {
    for (const each of signals) process.off(each, forward);
    if (signal === null) process.exitCode = code ?? 1;
    // Whoever waits for this process shall see the same end: killed by that signal.
    else process.kill(process.pid, signal);
  });
}
