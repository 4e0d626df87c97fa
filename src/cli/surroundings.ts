import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import type { Environment, Machine } from "../config/index.ts";
import type { Clock } from "../ports/clock.ts";
import { systemClock } from "../system/clock.ts";
import type { Screen } from "./format/screen.ts";

/** What a command has around it: the process, or what a test puts in its place. */
export interface Surroundings {
  readonly env: Environment;
  readonly machine: Machine;
  readonly clock: Clock;
  readonly out: Screen;
  readonly err: Screen;
  /** A file, or standard input for `-`. */
  readText(path: string): Promise<string>;
  /** Calls the listener for each SIGINT and SIGTERM, which end the process no more. The answer takes that back. */
  onStopSignal(listener: () => void): () => void;
  /** Calls the listener instead of ending the process when nobody reads standard output any more (`belfry … | head`). The answer takes that back. */
  onUnread(listener: () => void): () => void;
  /** The process that started this one. Another when that has ended. */
  parentPid(): number;
  /** Calls the listener for what nobody caught, which ends the process no more. The answer takes that back. */
  onUncaught(listener: (error: unknown) => void): () => void;
  /** Sends a signal to another process; nothing happens when it is gone. */
  signal(pid: number, signal: NodeJS.Signals): void;
  /** Ends the process at once. For those who cannot wait until their caller has returned. */
  exit(code: number): never;
}

export function processSurroundings(): Surroundings {
  let unread = (): void => process.exit(0);
  process.stdout.on("error", () => unread());
  // Without a listener the loss of whoever reads the log would end the process.
  process.stderr.on("error", () => {});
  return {
    env: process.env,
    machine: { hostname: hostname(), pid: process.pid, readFile: (path) => readFileSync(path, "utf8") },
    clock: systemClock,
    out: screenOf(process.stdout),
    err: screenOf(process.stderr),
    readText: (path) => (path === "-" ? text(process.stdin) : readFile(path, "utf8")),
    onStopSignal(listener) {
      const signals = ["SIGINT", "SIGTERM"] as const;
      for (const signal of signals) process.on(signal, listener);
      return () => {
        for (const signal of signals) process.off(signal, listener);
      };
    },
    onUnread(listener) {
      const before = unread;
      unread = listener;
      return () => {
        unread = before;
      };
    },
    parentPid: () => process.ppid,
    onUncaught(listener) {
      process.on("uncaughtException", listener);
      return () => process.off("uncaughtException", listener);
    },
    signal(pid, signal) {
      try {
        process.kill(pid, signal);
      } catch {
        // It ended by itself.
      }
    },
    exit: (code) => process.exit(code),
  };
}

function screenOf(stream: NodeJS.WriteStream): Screen {
  return {
    write: (words) => {
      stream.write(words);
    },
    get isTerminal() {
      return stream.isTTY;
    },
    get hasColours() {
      return stream.isTTY && stream.hasColors();
    },
    get columns() {
      return stream.isTTY ? stream.columns : undefined;
    },
  };
}
