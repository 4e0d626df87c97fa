/**
 * A program in a process group of its own, that ends with the test process, even when that is killed: a shell waits for the end of its own input, and
 * then ends the whole group.
 */
import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { createInterface } from "node:readline";

export interface WatchedProcess extends AsyncDisposable {
  readonly pid: number;
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** What it has printed on standard error so far. */
  output(): string;
  /** Resolves when a line on standard error matches; rejects with its output when it ends before. */
  says(pattern: RegExp): Promise<void>;
  /** Ends it and what it has started as a crash would, and waits. */
  kill(): Promise<void>;
}

export interface WatchedProcessOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

export function watchedProcess(
  program: string,
  args: readonly string[],
  { cwd, env = {} }: WatchedProcessOptions,
): WatchedProcess {
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  const pid = child.pid ?? 0;
  const watchdog = spawn("/bin/sh", ["-c", 'read -r word || kill -KILL "-$1" 2>/dev/null', "sh", String(pid)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  watchdog.unref();
  watchdog.stdin.on("error", () => {});
  child.stdin.on("error", () => {});
  const exited = once(child, "exit");
  const lines: string[] = [];
  const listeners = new Set<() => void>();
  const heard = (): void => {
    for (const listener of listeners) listener();
  };
  createInterface({ input: child.stderr }).on("line", (line) => {
    lines.push(line);
    heard();
  });
  child.once("exit", heard);

  const kill = async (): Promise<void> => {
    try {
      if (pid > 0) process.kill(-pid, "SIGKILL");
    } catch {
      // The whole group has ended.
    }
    if (child.exitCode === null && child.signalCode === null) await exited;
    // A word on its input says that the group has ended: its number may be another's by now.
    watchdog.stdin.end("ended\n");
  };
  return {
    pid,
    child,
    output: () => lines.join("\n"),
    says(pattern) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const look = (): void => {
        if (lines.some((line) => pattern.test(line))) resolve();
        else if (child.exitCode !== null || child.signalCode !== null)
          reject(new Error(`${program} ${args.join(" ")} ended:\n${lines.join("\n")}`));
      };
      listeners.add(look);
      look();
      return promise.finally(() => listeners.delete(look));
    },
    kill,
    [Symbol.asyncDispose]: kill,
  };
}
