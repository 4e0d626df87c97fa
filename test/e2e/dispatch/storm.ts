/** Fifty destinations, five of them dead in three ways, and the server that delivers to them. */
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { Dispatch } from "../../../src/gen/belfry/v1/dispatch_pb.ts";
import { InstanceState } from "../../../src/gen/belfry/v1/instance_pb.ts";
import { databaseUrl } from "../../../src/store/embedded/socket-address.ts";
import { query } from "../../support/ledger-checks.ts";
import { untilAnswered } from "../../support/load.ts";
import { answers, resets, staysSilent } from "../../support/receiver-behaviours.ts";
import type { Receiver } from "../../support/receiver.ts";
import { aReceiver } from "../../support/receiver.ts";
import type { ServerProcess } from "../../support/server-process.ts";
import { startServerProcess } from "../../support/server-process.ts";
import type { CreateDispatchInit, DispatchCalls } from "./site.ts";
import { dispatchCalls, retries } from "./site.ts";

const LIVING = 45;
/** As long as a restart takes: then a call is made again. */
const CALL_MS = 3000;
/** What was under way when the server died is tried again after this. */
const HEARTBEAT_MS = 1500;
const PAGE = 500;
const { PENDING, RUNNING, BACKING_OFF } = InstanceState;

type Fate = "living" | "dead";

export interface StormDestination {
  readonly origin: string;
}

export interface Storm extends AsyncDisposable {
  readonly calls: DispatchCalls;
  readonly living: readonly [StormDestination, ...StormDestination[]];
  readonly dead: readonly StormDestination[];
  /** The dispatch of this number: a repeated call creates no other. */
  dispatch(number: number, fate: Fate): CreateDispatchInit;
  /** Ends the server as a crash would, and starts it again on the same data and port. */
  killAndStart(): Promise<void>;
  /** The dead answer from now on. */
  revive(): Promise<void>;
  dispatches(fate: Fate): Promise<readonly Dispatch[]>;
  unfinished(fate: Fate): Promise<number>;
  /** The dispatches that came to them. */
  receivedBy(destinations: readonly StormDestination[]): Set<string>;
  /** Attempts that came more than once. */
  sentTwice(): readonly string[];
  databaseUrl(): string;
}

export async function openStorm(): Promise<Storm> {
  const living = await Promise.all(Array.from({ length: LIVING }, () => aReceiver()));
  const mute = await Promise.all([aReceiver(), aReceiver()]);
  const resetting = await aReceiver();
  for (const receiver of mute) receiver.behave("/hook", staysSilent());
  resetting.behave("/hook", resets());
  const refusing = [await reservedPort(), await reservedPort()];
  const receivers: Receiver[] = [...living, ...mute, resetting];

  const env = {
    BELFRY_LISTEN: `127.0.0.1:${await reservedPort()}`,
    BELFRY_LOG_LEVEL: "warn",
    BELFRY_ALLOW_PRIVATE_TARGETS: "loopback",
  };
  const first = await startServerProcess({ env });
  const lives: ServerProcess[] = [first];
  const calls = dispatchCalls(first.url, CALL_MS);
  const [one, ...others] = living;
  if (one === undefined) throw new Error("nobody lives");

  const list = async (fate: Fate, states: InstanceState[], pageSize: number): Promise<readonly Dispatch[]> => {
    const found: Dispatch[] = [];
    for (let pageToken = ""; ;) {
      const request = { labels: { fate }, states, pageSize, pageToken };
      const page = await untilAnswered(() => calls.dispatches.listDispatches(request));
      found.push(...page.dispatches);
      if ((pageToken = page.nextPageToken) === "") return found;
    }
  };
  return {
    calls,
    living: [one, ...others],
    dead: [...mute, resetting, ...refusing.map((port) => ({ origin: `http://127.0.0.1:${port}` }))],
    dispatch: (number, fate) => ({
      requestId: `storm ${number}`,
      labels: { fate },
      data: { number },
      retryPolicy: retries(50),
      timeouts: { heartbeat: durationFromMs(HEARTBEAT_MS) },
    }),
    killAndStart: async () => {
      const last = lives.at(-1) ?? first;
      last.kill();
      await last.exited;
      lives.push(await startServerProcess({ dataDir: first.dataDir, env }));
    },
    revive: async () => {
      for (const receiver of [...mute, resetting]) {
        receiver.behave("/hook", answers());
        receiver.breakConnections();
      }
      receivers.push(...(await Promise.all(refusing.map((port) => aReceiver({ port })))));
    },
    dispatches: (fate) => list(fate, [], PAGE),
    unfinished: async (fate) => (await list(fate, [PENDING, RUNNING, BACKING_OFF], PAGE)).length,
    receivedBy: (destinations) => {
      const origins = new Set(destinations.map(({ origin }) => origin));
      const meant = receivers.filter(({ origin }) => origins.has(origin));
      return new Set(meant.flatMap(({ requests }) => requests.map(({ headers }) => String(headers["webhook-id"]))));
    },
    sentTwice: () => {
      const seen = new Set<string>();
      const attempts = receivers.flatMap(({ requests }) =>
        requests.map(({ headers }) => `${String(headers["webhook-id"])}, attempt ${String(headers["belfry-attempt"])}`),
      );
      return attempts.filter((attempt) => seen.size === seen.add(attempt).size);
    },
    databaseUrl: () => databaseUrl(join(first.dataDir, "postgres"), "belfry"),
    // Earlier lives are over, but what watches over them ends the PostgreSQL of the folder: the last one first.
    [Symbol.asyncDispose]: async () => {
      calls.close();
      await lives.at(-1)?.stop();
      for (const life of lives.toReversed()) await life[Symbol.asyncDispose]();
      await Promise.all(receivers.map((receiver) => receiver[Symbol.asyncDispose]()));
    },
  };
}

/** The ids of instances that were told to be completed, as often as they were. */
export async function completions(url: string): Promise<readonly string[]> {
  const packs = await query<{ events: readonly (readonly [resource: string, id: string, name: string])[] }>(
    url,
    "select events from belfry.event",
  );
  return packs
    .flatMap(({ events }) => events)
    .filter(([resource, , name]) => resource === "instance" && name === "completed")
    .map(([, id]) => id);
}

/** Below those that the system gives to connections: somebody who wants it later finds it free. */
const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 30_000;

/** A port of 127.0.0.1 at which nothing listens. */
async function reservedPort(): Promise<number> {
  for (;;) {
    const port = LOWEST_PORT + Math.floor(Math.random() * (HIGHEST_PORT - LOWEST_PORT));
    const server = createServer();
    try {
      await once(server.listen(port, "127.0.0.1"), "listening");
    } catch {
      continue;
    }
    server.close();
    await once(server, "close");
    return port;
  }
}
