/**
 * A real NATS server for tests, on a free port of 127.0.0.1, with its files in a folder of its own.
 *
 * No npm package brings the program (those there are download it from elsewhere), so it is the machine's: see nats-server-binary.ts. Nothing
 * outlives the test process, not even when that is killed: a shell waits for the end of its own input, and then ends what is left.
 */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { natsServerBinary } from "./nats-server-binary.ts";

export interface NatsServerOptions {
  /** Whether streams can be made. Default true. */
  readonly jetstream?: boolean;
  /** Lines of a configuration file. */
  readonly config?: string;
  /** Where it listens. Default 127.0.0.1. */
  readonly host?: string;
  /** Default: a free one, kept across restarts. */
  readonly port?: number;
  /** Where JetStream keeps its files. Default: a folder that goes with the server. */
  readonly storeDir?: string;
}

export interface NatsServer extends AsyncDisposable {
  /** `nats://host:port`, the same across restarts. */
  readonly url: string;
  readonly port: number;
  /** Of its present life. */
  readonly pid: number;
  /** What it has printed so far, over all its starts. */
  output(): string;
  /** Ends it politely and waits. What JetStream stored stays until the server is disposed of. */
  stop(): Promise<void>;
  /** Ends it as a crash would (SIGKILL), and waits. */
  kill(): Promise<void>;
  /** Stops the process where it is, so that it says nothing more and its connections stay open; `thaw` lets it go on. */
  freeze(): Promise<void>;
  thaw(): void;
  /** Starts it again on the same port, with the same files, ending it before if it runs. @param change other options from now on. */
  restart(change?: Pick<NatsServerOptions, "jetstream" | "config">): Promise<void>;
}

const run = promisify(execFile);

const START_LIMIT_MS = 20_000;
const LISTENS = /Listening for client connections on [\d.]+:(?<port>\d+)/;
const READY = /Server is ready/;

/** Resolves when it takes connections; rejects with what it printed when it ends before. */
export async function startNatsServer(given: NatsServerOptions = {}): Promise<NatsServer> {
  const binary = await natsServerBinary();
  const folder = await realpath(await mkdtemp(join(tmpdir(), "belfry-nats-")));
  const lines: string[] = [];
  const host = given.host ?? "127.0.0.1";
  let options = given;
  let port = given.port ?? -1;
  let child: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    const args = ["-a", host, "-p", String(port)];
    if (options.jetstream !== false) args.push("-js", "-sd", options.storeDir ?? join(folder, "store"));
    if (options.config !== undefined) {
      const path = join(folder, "server.conf");
      await writeFile(path, options.config);
      args.push("-c", path);
    }
    const started = spawnWatched(binary, args, folder);
    child = started.child;
    port = await started.ready(lines);
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    // A frozen process hears of its end only when it goes on; SIGKILL does not ask.
    if (signal !== "SIGKILL") child.kill("SIGCONT");
    await exited;
  };

  try {
    await start();
  } catch (error) {
    await end("SIGKILL");
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    url: `nats://${host}:${port}`,
    port,
    get pid() {
      return child?.pid ?? 0;
    },
    output: () => lines.join("\n"),
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    async freeze() {
      child?.kill("SIGSTOP");
      // The signal is on its way when kill() returns; a server with many threads may still answer something.
      while (!(await isStopped(child?.pid ?? 0)));
    },
    thaw: () => void child?.kill("SIGCONT"),
    async restart(change = {}) {
      await end("SIGTERM");
      options = { ...options, ...change };
      await start();
    },
    async [Symbol.asyncDispose]() {
      await end("SIGKILL");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function isStopped(pid: number): Promise<boolean> {
  if (process.platform === "linux") return /\) T /.test(await readFile(`/proc/${pid}/stat`, "utf8"));
  const { stdout } = await run("ps", ["-o", "state=", "-p", String(pid)]);
  return stdout.startsWith("T");
}

interface Started {
  readonly child: ChildProcess;
  /** @returns its port. */
  ready(lines: string[]): Promise<number>;
}

function spawnWatched(binary: string, args: readonly string[], folder: string): Started {
  const child = spawn(binary, args, { stdio: ["ignore", "ignore", "pipe"] });
  const script = 'read -r word || { kill -KILL "$1" 2>/dev/null; rm -rf -- "$2"; }';
  const watchdog = spawn("/bin/sh", ["-c", script, "sh", String(child.pid ?? 0), folder], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  watchdog.unref();
  watchdog.stdin.on("error", () => {});
  // A word on its input says that the server has ended: its number may be another's by now.
  child.once("exit", () => watchdog.stdin.end("ended\n"));
  return {
    child,
    async ready(lines) {
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      const own: string[] = [];
      const failed = (what: string): void => reject(new Error(`nats-server ${what}:\n${own.join("\n")}`));
      const limit = setTimeout(() => failed("did not become ready"), START_LIMIT_MS);
      child.once("error", (error) => failed(error.message));
      child.once("exit", (code, signal) => failed(`ended (${code ?? signal})`));
      let port = 0;
      createInterface({ input: child.stderr }).on("line", (line) => {
        own.push(line);
        lines.push(line);
        port = Number(LISTENS.exec(line)?.groups?.["port"] ?? port);
        if (READY.test(line)) resolve(port);
      });
      try {
        return await promise;
      } finally {
        clearTimeout(limit);
      }
    },
  };
}
