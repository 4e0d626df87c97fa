/**
 * A server as users start it: `node src/main.ts serve` in a process of its own, on a free port and, unless told otherwise, an embedded
 * PostgreSQL in a folder of its own. For tests that speak to it from outside, and for those that kill it.
 *
 * Nothing outlives the test process, not even when that is killed: a shell waits for the end of its own input, and then ends what is left.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

export interface ServerProcess extends AsyncDisposable {
  /** Where it listens: `host:port`. */
  readonly address: string;
  readonly url: string;
  readonly pid: number;
  /** Give it to the next start to go on with the same data. */
  readonly dataDir: string;
  /** Sends a signal and does not wait; {@link exited} does. Default SIGKILL. */
  kill(signal?: NodeJS.Signals): void;
  /** How it ended. */
  readonly exited: Promise<ServerExit>;
  /** What it has printed so far, both outputs. */
  output(): string;
  /** Ends it politely (SIGTERM) if it still runs, and waits. The data stay. */
  stop(): Promise<ServerExit>;
  /** Ends it and what it left behind. Its data folder goes too, if it was made here. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ServerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ServerProcessOptions {
  /** The folder of the embedded PostgreSQL, from an earlier start. Unset: a new one. */
  readonly dataDir?: string;
  /** Variables beside or instead of the usual; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A command that becomes the one it is given, such as `ip netns exec NAME`. */
  readonly through?: readonly string[];
}

const ROOT = resolve(import.meta.dirname, "../..");
const START_LIMIT_MS = 60_000;
const USUAL = {
  BELFRY_LISTEN: "127.0.0.1:0",
  BELFRY_LOG_FORMAT: "json",
  // The same at each start: a node that was killed has its own shards back at once. Nodes that share a database need ids of their own.
  BELFRY_NODE_ID: "node-under-test",
  // Maintenance at its own hours would stand in lists of tests that happen to run then.
  BELFRY_CONFIG_CLEANUP_ENABLED: "false",
  BELFRY_CONFIG_MARK_TIMEOUT_ENABLED: "false",
  // Half of what a start costs is reading TypeScript.
  NODE_COMPILE_CACHE: join(ROOT, "node_modules/.cache/belfry/compiled"),
};
/** The line that says where it listens. */
const ADDRESS = /\bserves .*?https?:\/\/(?<address>[\d.]+:\d+)/;

/** Resolves when it says where it listens; rejects with what it printed when it ends before. */
export async function startServerProcess(options: ServerProcessOptions = {}): Promise<ServerProcess> {
  const { dataDir, env = {}, through = [] } = options;
  const folder = dataDir ?? (await realpath(await mkdtemp(join(tmpdir(), "belfry-server-"))));
  const [program, ...args] = [...through, process.execPath, join(ROOT, "src/main.ts"), "serve"];
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { ...ambient(), ...USUAL, BELFRY_DATA_DIR: folder, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit").then(([code, signal]): ServerExit => ({ code, signal }));
  const watchdog = startWatchdog(folder, child.pid ?? 0, dataDir === undefined);
  const lines: string[] = [];
  const output = (): string => lines.join("\n");
  const dispose = async (): Promise<void> => {
    // The watchdog has no mercy; whoever wants a polite end calls stop() before.
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await exited;
    await watchdog.finish();
    if (dataDir === undefined) await rm(folder, { recursive: true, force: true });
  };

  const { promise: listening, resolve: listens, reject } = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      const address = ADDRESS.exec(line)?.groups?.["address"];
      if (address !== undefined) listens(address);
    });
  }
  const limit = setTimeout(
    () => reject(new Error(`The server did not say where it listens:\n${output()}`)),
    START_LIMIT_MS,
  );
  void exited.then(({ code, signal }) => reject(new Error(`The server ended (${code ?? signal}):\n${output()}`)));
  try {
    const address = await listening;
    return {
      address,
      url: `http://${address}`,
      pid: child.pid ?? 0,
      dataDir: folder,
      kill: (signal = "SIGKILL") => void child.kill(signal),
      exited,
      output,
      stop: () => {
        if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
        return exited;
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  } finally {
    clearTimeout(limit);
  }
}

/** The environment without the variables of a Belfry that the person at the keyboard may have set. */
function ambient(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("BELFRY_")));
}

/** A shell that ends the server, and the PostgreSQL it may have left, when its input ends. */
function startWatchdog(folder: string, pid: number, remove: boolean): { finish(): Promise<void> } {
  // A word on its input says that the server has ended: its number may be another's by now.
  const script = `read -r word || [ "$2" = 0 ] || kill -KILL "$2" 2>/dev/null
    if read -r postgres <"$1/postgres/postmaster.pid" && kill -QUIT "$postgres"; then
      tries=0
      while [ -e "$1/postgres/postmaster.pid" ] && [ $tries -lt 100 ]; do sleep 0.05; tries=$((tries + 1)); done
    fi 2>/dev/null
    [ "$3" = false ] || rm -rf -- "$1"`;
  const shell = spawn("/bin/sh", ["-c", script, "sh", folder, String(pid), String(remove)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  shell.unref();
  const done = new Promise<void>((resolveDone) => shell.once("exit", () => resolveDone()));
  return {
    async finish() {
      shell.ref();
      shell.stdin.end("ended\n");
      await done;
    },
  };
}
