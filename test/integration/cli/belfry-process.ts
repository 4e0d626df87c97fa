import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";

const ROOT = resolve(import.meta.dirname, "../../..");
const MAIN = join(ROOT, "src/main.ts");

export type Settings = Readonly<Record<string, string>>;

/** A folder for one test, gone after it. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "belfry-cli-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Only what a program needs to run, and the settings: nothing of the environment in which the tests run. */
function environment(settings: Settings): NodeJS.ProcessEnv {
  return {
    PATH: process.env["PATH"],
    HOME: process.env["HOME"],
    TMPDIR: process.env["TMPDIR"],
    TZ: "UTC",
    ...settings,
  };
}

export interface Answer {
  readonly code: number | null;
  readonly out: string;
  /** Its lines on standard error. */
  readonly err: readonly string[];
}

/** Runs a command line to its end. */
export async function belfry(words: readonly string[], settings: Settings = {}, input = ""): Promise<Answer> {
  const child = spawn(process.execPath, [MAIN, ...words], { env: environment(settings), stdio: "pipe" });
  endAfterTest(child);
  child.stdin.end(input);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code: child.exitCode, out, err: err.split("\n").filter((line) => line !== "") };
}

/** Runs a command line whose answer is JSON. */
export async function belfryJson<Value>(words: readonly string[], settings: Settings = {}, input = ""): Promise<Value> {
  const { code, out, err } = await belfry([...words, "--json"], settings, input);
  if (code !== 0) throw new Error(`belfry ${words.join(" ")} ended with ${code}: ${err.join(" ")}`);
  return JSON.parse(out) as Value;
}

export interface Serving {
  readonly child: ChildProcess;
  /** Its first line on standard output. */
  readonly line: string;
  readonly url: string;
  /** All its lines on standard output so far, and what the log has said. */
  readonly out: readonly string[];
  readonly log: readonly string[];
  /** Resolves with the first line that matches, past or to come. */
  said(pattern: RegExp): Promise<string>;
  /** Sends the signal and waits for the end. */
  end(signal?: NodeJS.Signals): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/** Starts `belfry serve` and waits until it serves. It ends after the test at the latest. */
export async function serve(
  settings: Settings,
  { words = ["serve"], shell = false }: { readonly words?: readonly string[]; readonly shell?: boolean } = {},
): Promise<Serving> {
  const env = environment({ BELFRY_LISTEN: "127.0.0.1:0", ...settings });
  const command = [process.execPath, MAIN, ...words];
  // The command after it keeps the shell from making way for the program.
  const [program = "", ...args] = shell ? ["/bin/sh", "-c", '"$@"; true', "sh", ...command] : command;
  const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  endAfterTest(child);
  const closed = once(child, "close");

  const out: string[] = [];
  const log: string[] = [];
  const waiting = new Set<{ readonly pattern: RegExp; readonly resolve: (line: string) => void }>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    out.push(line);
    for (const each of waiting) {
      if (!each.pattern.test(line)) continue;
      waiting.delete(each);
      each.resolve(line);
    }
  });
  createInterface({ input: child.stderr }).on("line", (line) => log.push(line));
  const said = (pattern: RegExp): Promise<string> => {
    const past = out.find((line) => pattern.test(line));
    if (past !== undefined) return Promise.resolve(past);
    const line = new Promise<string>((resolveLine) => waiting.add({ pattern, resolve: resolveLine }));
    const ended = closed.then(() => {
      throw new Error(`belfry ended without saying ${pattern}: ${[...out, ...log].join("\n")}`);
    });
    return Promise.race([line, ended]);
  };

  const line = await said(/^Belfry serves/);
  return {
    child,
    line,
    url: /https?:\/\/[^ ]+/.exec(line)?.[0] ?? "",
    out,
    log,
    said,
    async end(signal = "SIGTERM") {
      child.kill(signal);
      await closed;
      return { code: child.exitCode, signal: child.signalCode };
    },
  };
}

/** By SIGTERM, so that an embedded database ends with it. */
function endAfterTest(child: ChildProcess): void {
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGTERM");
    await gone;
  });
}
