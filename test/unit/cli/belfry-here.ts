import { runBelfry } from "../../../src/cli/run.ts";
import type { Surroundings } from "../../../src/cli/surroundings.ts";
import { systemClock } from "../../../src/system/clock.ts";
import { screenOf } from "./paper.ts";

export interface Said {
  readonly code: number;
  readonly out: string;
  /** Its lines on standard error. */
  readonly err: readonly string[];
}

/** Runs a command line in this process, which is much quicker than in one of its own. `-` among the files is standard input. */
export async function belfryHere(
  words: readonly string[],
  env: Surroundings["env"] = {},
  files: Readonly<Record<string, string>> = {},
): Promise<Said> {
  const out = screenOf();
  const err = screenOf();
  const surroundings: Surroundings = {
    env,
    machine: { hostname: "tower", pid: 7, readFile: () => "" },
    clock: systemClock,
    out: out.screen,
    err: err.screen,
    readText: async (path) => {
      const text = files[path];
      if (text === undefined) throw new Error(`ENOENT: no such file or directory, open '${path}'`);
      return text;
    },
    onStopSignal: () => () => {},
    onUncaught: () => () => {},
    onUnread: () => () => {},
    parentPid: () => 1,
    signal: () => {},
    exit: (code) => {
      throw new Error(`exit ${code}`);
    },
  };
  const code = await runBelfry(words, surroundings);
  return {
    code,
    out: out
      .lines()
      .map((line) => `${line}\n`)
      .join(""),
    err: err.lines(),
  };
}

/** Runs a command line whose answer is JSON. */
export async function jsonHere<Value>(
  words: readonly string[],
  env: Surroundings["env"] = {},
  files: Readonly<Record<string, string>> = {},
): Promise<Value> {
  const { code, out, err } = await belfryHere([...words, "--json"], env, files);
  if (code !== 0) throw new Error(`belfry ${words.join(" ")} ended with ${code}: ${err.join(" ")}`);
  return JSON.parse(out) as Value;
}
