/** A server in a process of its own, with the memory that `npm start` gives one, and the 金智 that it tells of approvals. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { BelfryClient, PlatformStatus, PushLog } from "../../../src/client/index.ts";
import { createBelfryClient, InstanceState, PushState } from "../../../src/client/index.ts";
import { JINZHI, aJinzhi } from "../../support/platforms/jinzhi.ts";
import type { PlatformServer } from "../../support/platforms/platform-server.ts";
import { untilAnswered } from "../../support/load.ts";
import type { ServerProcess } from "../../support/server-process.ts";
import { startServerProcess } from "../../support/server-process.ts";
import { until } from "../../support/until.ts";
import type { EventInit } from "./process-system.ts";

/** As long as a restart takes: then a call is made again. */
const CALL_MS = 20_000;
const AGAIN_MS = 100;
const LOOK_MS = 250;
const PAGE = 500;
const PATIENCE_MS = 900_000;
/** What the platform says of its tokens. Belfry leaves a margin of 300 s, and uses a token for a minute at least. */
export const TOKEN_LIFE_MS = 310_000;

export interface StormSite extends AsyncDisposable {
  readonly platform: PlatformServer;
  /** Reports all of them on one stream, and those that were not taken again. */
  report(events: readonly EventInit[]): Promise<void>;
  status(): Promise<PlatformStatus>;
  /** Of pushes that have not ended, the newest; of those that were created before then. */
  waiting(createdBefore?: Date): Promise<readonly PushLog[]>;
  /** Resolves when no push is on its way or waits. */
  settled(): Promise<void>;
  /** Runs the reconciliation. @returns how many pushes it made. */
  reconcile(): Promise<number>;
  /** Whether anything should be otherwise on the platform. */
  isAdrift(): Promise<boolean>;
  /** Ends the server as a crash would, and starts it again on the same data. */
  killAndStart(): Promise<void>;
  /** Of the server at its most, in MB: one a life. Empty where the system does not tell. */
  peaks(): readonly number[];
}

export async function openStormSite(): Promise<StormSite> {
  const stack = new AsyncDisposableStack();
  try {
    const platform = stack.use(await aJinzhi({ tokenLifeMs: TOKEN_LIFE_MS, keepCalls: 100 }));
    const env = {
      BELFRY_LOG_LEVEL: "warn",
      BELFRY_ALLOW_PRIVATE_TARGETS: "loopback",
      BELFRY_SECRET_KEY: randomBytes(32).toString("base64"),
    };
    const through = ["/bin/sh", "-c", `exec "$0" ${startFlags()} "$@"`];
    const lives: ServerProcess[] = [];
    // The last one first: what watches over the others ends the PostgreSQL of the folder.
    stack.defer(async () => {
      await lives.at(-1)?.stop();
      for (const life of lives.toReversed()) await life[Symbol.asyncDispose]();
    });
    const start = async (dataDir?: string): Promise<ServerProcess> => {
      const server = await startServerProcess({ env, through, ...(dataDir === undefined ? {} : { dataDir }) });
      lives.push(server);
      return server;
    };
    const first = await start();
    let server = first;
    let client = connected(server);
    stack.defer(() => client.close());
    const platformId = await configured(client, platform.origin);
    const peaks: number[] = [];

    const status = async (): Promise<PlatformStatus> => {
      const answer = await untilAnswered(() => client.platforms.getPlatformStatus({ platformId }));
      if (answer.status === undefined) throw new Error("the answer lacks the status");
      return answer.status;
    };
    const waiting: StormSite["waiting"] = async (createdBefore) => {
      const request = {
        platformId,
        states: [PushState.RETRYING],
        pageSize: PAGE,
        ...(createdBefore === undefined
          ? {}
          : { createdBefore: { seconds: BigInt(Math.floor(+createdBefore / 1000)) } }),
      };
      return (await untilAnswered(() => client.pushes.listPushLogs(request))).pushLogs;
    };
    const site: Omit<StormSite, typeof Symbol.asyncDispose> = {
      platform,
      status,
      waiting,
      report: async (events) => {
        for (let left = events; left.length > 0;) {
          const { failures, failedCount } = await untilAnswered(() =>
            client.workItems.batchReportEvents(messages(left)),
          );
          const failed = new Set(failures.map(({ index }) => Number(index)));
          // What is not named may have failed too: to report twice does no harm.
          left = Number(failedCount) > failed.size ? left : left.filter((_, index) => failed.has(index));
          if (left.length > 0) await sleep(AGAIN_MS);
        }
      },
      settled: () =>
        until(
          async () => {
            const { underWayCount, waitingCount } = await status();
            if (underWayCount + waitingCount === 0 && (await waiting()).length === 0) return true;
            await sleep(LOOK_MS);
            return false;
          },
          "no push waits any more",
          PATIENCE_MS,
        ),
      reconcile: async () => {
        const { instanceId } = await untilAnswered(() => client.pushes.reconcilePushes({ platformId }));
        let made = 0;
        const hasEnded = async (): Promise<boolean> => {
          const { instance } = await client.instances.getInstance({ instanceId });
          made = Number(instance?.result?.["submitted"]);
          if (instance?.state === InstanceState.COMPLETED) return true;
          await sleep(LOOK_MS);
          return false;
        };
        await until(hasEnded, "the reconciliation has come to its end", PATIENCE_MS);
        return made;
      },
      isAdrift: async () => {
        for (let pageToken = ""; ;) {
          const page = await untilAnswered(() => client.pushes.listDrift({ platformId, pageSize: PAGE, pageToken }));
          if (page.entries.length > 0) return true;
          if ((pageToken = page.nextPageToken) === "") return false;
        }
      },
      killAndStart: async () => {
        peaks.push(...peakOf(server.pid));
        server.kill();
        await server.exited;
        client.close();
        server = await start(first.dataDir);
        client = connected(server);
      },
      peaks: () => [...peaks, ...peakOf(server.pid)],
    };
    const parts = stack.move();
    return { ...site, [Symbol.asyncDispose]: () => parts.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** The platform as it is set up, enabled, and told of every event. @returns its id. */
async function configured(client: BelfryClient, host: string): Promise<string> {
  const seconds = (count: number) => durationFromMs(count * 1000);
  const { platform } = await client.platforms.createPlatform({
    platform: {
      name: "金智",
      connector: "jinzhi",
      settings: {
        host,
        appId: JINZHI.appId,
        appSecret: JINZHI.appSecret,
        sceneCode: JINZHI.sceneCode,
        notFoundCodes: [String(JINZHI.notFoundErrcode)],
        duplicateCodes: [String(JINZHI.duplicateErrcode)],
      },
      policy: {
        maxConcurrent: 32,
        // Of ten calls one fails: so many in a row do so only when the platform is down.
        breaker: {
          consecutiveFailures: 20,
          failureRatio: 0.5,
          minCalls: 50,
          openDuration: seconds(1),
          maxOpenDuration: seconds(2),
        },
        requestTimeout: seconds(20),
        retryPolicy: {
          initialDelay: durationFromMs(200),
          factor: 2,
          maxDelay: seconds(2),
          jitter: durationFromMs(100),
          maxRetries: 3,
        },
        sweepMaxRetries: 50,
        sweepInterval: seconds(1),
        sweepPermanent: true,
      },
    },
  });
  const platformId = platform?.id ?? "";
  await client.platforms.createTrigger({ trigger: { platformId } });
  await client.platforms.enablePlatform({ platformId });
  return platformId;
}

function connected({ url }: ServerProcess): BelfryClient {
  return createBelfryClient(url, { retry: false, deadlineMs: CALL_MS });
}

async function* messages(events: readonly EventInit[]): AsyncGenerator<{ event: EventInit }> {
  for (const event of events) yield { event };
}

/** What `npm start` gives Node. */
function startFlags(): string {
  const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  const { scripts } = JSON.parse(text) as { readonly scripts: { readonly start: string } };
  return scripts.start
    .split(" ")
    .filter((word) => word.startsWith("--"))
    .join(" ");
}

function peakOf(pid: number): readonly number[] {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return kilobytes === undefined ? [] : [Math.round(Number(kilobytes) / 1024)];
  } catch {
    return [];
  }
}
