/** The server that is killed again and again, and the definitions that go on firing meanwhile. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { OverlapPolicy } from "../../../src/client/index.ts";
import { databaseUrl } from "../../../src/store/embedded/socket-address.ts";
import type { Timetable } from "../../support/load.ts";
import type { ServerProcess } from "../../support/server-process.ts";
import { startServerProcess } from "../../support/server-process.ts";

/** Who dies in a round, in this order. */
export type Victims = readonly ("server" | "postgres")[];

export interface StormSite extends AsyncDisposable {
  /** Of the node, through all its lives. */
  readonly url: string;
  readonly databaseUrl: string;
  /** Ends the victims, a moment between them. */
  kill(victims: Victims, betweenMs: number): Promise<void>;
  /** The next life, on the same data and the same port. @returns how long it took until it served, in milliseconds. */
  start(): Promise<number>;
}

/** @param port any; the same in every life, so that clients find the server again. */
export async function openStormSite(port: number): Promise<StormSite> {
  const env = { BELFRY_LISTEN: `127.0.0.1:${port}`, BELFRY_NODE_ID: "storm", BELFRY_LOG_LEVEL: "warn" };
  const first = await startServerProcess({ env });
  const { dataDir, url } = first;
  const lives: ServerProcess[] = [first];
  const latest = (): ServerProcess => lives.at(-1) ?? first;
  return {
    url,
    databaseUrl: databaseUrl(join(dataDir, "postgres"), "belfry"),
    kill: async (victims, betweenMs) => {
      for (const [index, victim] of victims.entries()) {
        if (index > 0) await sleep(betweenMs);
        if (victim === "server") {
          latest().kill();
          await latest().exited;
        } else {
          const pid = await postgresPid(dataDir);
          if (pid !== undefined) process.kill(pid, "SIGKILL");
        }
      }
    },
    start: async () => {
      const from = performance.now();
      lives.push(await startServerProcess({ dataDir, env }));
      return performance.now() - from;
    },
    // Earlier lives are over, but what watches over them ends the PostgreSQL of the folder: the last one first.
    [Symbol.asyncDispose]: async () => {
      await latest().stop();
      for (const life of lives.toReversed()) await life[Symbol.asyncDispose]();
    },
  };
}

/** Undefined when it is down just now. */
async function postgresPid(dataDir: string): Promise<number | undefined> {
  try {
    const [line = ""] = (await readFile(join(dataDir, "postgres", "postmaster.pid"), "utf8")).split("\n");
    const pid = Number.parseInt(line, 10);
    process.kill(pid, 0);
    return pid;
  } catch {
    return undefined;
  }
}

const { ALLOW_ALL, SKIP, BUFFER_ALL } = OverlapPolicy;

/** Firing 100 to 1,000 ms apart. */
export const TIMETABLES: readonly Timetable[] = [
  {
    name: "every 100 ms, side by side",
    rule: { kind: "phase", intervalMs: 100, phaseMs: 30 },
    overlapPolicy: ALLOW_ALL,
  },
  {
    name: "every 170 ms since creation, side by side",
    rule: { kind: "sinceCreation", intervalMs: 170 },
    overlapPolicy: ALLOW_ALL,
  },
  { name: "every second, side by side", rule: { kind: "seconds", step: 1 }, overlapPolicy: ALLOW_ALL },
  { name: "every 130 ms, skipping", rule: { kind: "phase", intervalMs: 130, phaseMs: 0 }, overlapPolicy: SKIP },
  { name: "every third second, skipping", rule: { kind: "seconds", step: 3 }, overlapPolicy: SKIP },
  {
    name: "every 400 ms, one after the other",
    rule: { kind: "phase", intervalMs: 400, phaseMs: 399 },
    overlapPolicy: BUFFER_ALL,
  },
  {
    name: "every 1,000 ms since creation, one after the other",
    rule: { kind: "sinceCreation", intervalMs: 1000 },
    overlapPolicy: BUFFER_ALL,
  },
];
