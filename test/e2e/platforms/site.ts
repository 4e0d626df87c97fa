/** A server in a process of its own that may call task centres on 127.0.0.1, and the calls that the tests of this folder make. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { Client } from "@connectrpc/connect";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import type { ApprovalEvent, ApprovalEventSchema } from "../../../src/gen/belfry/v1/approval_pb.ts";
import { DefinitionService } from "../../../src/gen/belfry/v1/definition_service_pb.ts";
import { InstanceState } from "../../../src/gen/belfry/v1/instance_pb.ts";
import { InstanceService } from "../../../src/gen/belfry/v1/instance_service_pb.ts";
import type { PlatformSchema, PlatformStatus, PushPolicySchema } from "../../../src/gen/belfry/v1/platform_pb.ts";
import { PlatformService } from "../../../src/gen/belfry/v1/platform_service_pb.ts";
import type { Drift, PushExchange, PushLog } from "../../../src/gen/belfry/v1/push_pb.ts";
import { PushState } from "../../../src/gen/belfry/v1/push_pb.ts";
import type { ListPushLogsRequestSchema } from "../../../src/gen/belfry/v1/push_service_pb.ts";
import { PushService } from "../../../src/gen/belfry/v1/push_service_pb.ts";
import { WorkItemService } from "../../../src/gen/belfry/v1/work_item_service_pb.ts";
import { startServerProcess } from "../../support/server-process.ts";
import { until } from "../../support/until.ts";

export type EventInit = Exclude<MessageInitShape<typeof ApprovalEventSchema>, ApprovalEvent>;
export type PolicyInit = MessageInitShape<typeof PushPolicySchema>;
type Settings = NonNullable<MessageInitShape<typeof PlatformSchema>["settings"]>;
type LogFilter = Omit<MessageInitShape<typeof ListPushLogsRequestSchema>, "$typeName">;

export interface WantedPlatform {
  readonly connector: string;
  readonly settings: Settings;
  /** Default: {@link QUICK}. */
  readonly policy?: PolicyInit;
  /** The applications whose events it is told of; none: it has no trigger. */
  readonly appIds: readonly string[];
  readonly standsFor?: string;
}

export interface PlatformCalls {
  readonly platforms: Client<typeof PlatformService>;
  readonly workItems: Client<typeof WorkItemService>;
  readonly pushes: Client<typeof PushService>;
  readonly instances: Client<typeof InstanceService>;
  readonly definitions: Client<typeof DefinitionService>;
  /** Creates a platform, enables it, and has all events of the applications pushed to it. @returns its id. */
  enabled(platform: WantedPlatform): Promise<string>;
  report(event: EventInit): Promise<void>;
  status(platformId: string): Promise<PlatformStatus>;
  /** Oldest first. */
  logs(filter: LogFilter): Promise<readonly PushLog[]>;
  /** Resolves when none of the platform's pushes is on its way any more. @returns all of them, oldest first. */
  settled(platformId: string): Promise<readonly PushLog[]>;
  /** In the order in which they were sent. */
  exchanges(pushLogId: string): Promise<readonly PushExchange[]>;
  /** Resolves when the run of the reconciliation and the pushes that it made have ended. */
  reconciled(platformId: string): Promise<void>;
  drift(platformId: string): Promise<readonly Drift[]>;
  /** Reconciles until the platform believes all that it should. */
  driftless(platformId: string): Promise<void>;
  close(): void;
}

export interface PlatformSite extends PlatformCalls, AsyncDisposable {}

/** Trouble is over in moments: tests wait for what comes of it. */
export const QUICK = {
  retryPolicy: {
    initialDelay: durationFromMs(50),
    factor: 1,
    jitter: durationFromMs(0),
    maxDelay: durationFromMs(50),
    maxRetries: 6,
  },
  breaker: {
    consecutiveFailures: 4,
    openDuration: durationFromMs(1000),
    maxOpenDuration: durationFromMs(1000),
  },
  requestTimeout: durationFromMs(5000),
  sweepInterval: durationFromMs(1000),
  sweepMaxRetries: 10,
} as const satisfies PolicyInit;

export async function openPlatformSite(): Promise<PlatformSite> {
  const server = await startServerProcess({
    env: { BELFRY_LOG_LEVEL: "warn", BELFRY_ALLOW_PRIVATE_TARGETS: "loopback" },
  });
  const calls = platformCalls(server.url);
  let paused: Promise<unknown> | undefined;
  return {
    ...calls,
    enabled: async (platform) => {
      const platformId = await calls.enabled(platform);
      // The reconciliation, which comes with the first platform, would run every five minutes, and make good what a test is just looking at.
      paused ??= calls.definitions.pauseDefinition({ definitionId: RECONCILIATION });
      await paused;
      return platformId;
    },
    [Symbol.asyncDispose]: async () => {
      calls.close();
      await server.stop();
      await server[Symbol.asyncDispose]();
    },
  };
}

const RECONCILIATION = "$belfry/reconcile-pushes";

const FINAL: ReadonlySet<InstanceState> = new Set([
  InstanceState.COMPLETED,
  InstanceState.FAILED,
  InstanceState.CANCELLED,
  InstanceState.TIMED_OUT,
]);

export function platformCalls(url: string): PlatformCalls {
  const sessionManager = new Http2SessionManager(url);
  const transport = createGrpcTransport({ baseUrl: url, sessionManager, defaultTimeoutMs: 30_000 });
  const platforms = createClient(PlatformService, transport);
  const workItems = createClient(WorkItemService, transport);
  const pushes = createClient(PushService, transport);
  const instances = createClient(InstanceService, transport);
  const definitions = createClient(DefinitionService, transport);

  const logs: PlatformCalls["logs"] = async (filter) => {
    const found: PushLog[] = [];
    let pageToken = "";
    do {
      const page = await pushes.listPushLogs({ ...filter, pageSize: 500, pageToken });
      found.push(...page.pushLogs);
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    return found.toReversed();
  };
  const settled: PlatformCalls["settled"] = async (platformId) => {
    await until(
      async () => (await logs({ platformId, states: [PushState.RETRYING] })).length === 0,
      `all pushes to ${platformId} have ended`,
    );
    return logs({ platformId });
  };
  const reconciled: PlatformCalls["reconciled"] = async (platformId) => {
    const { instanceId } = await pushes.reconcilePushes({ platformId });
    await until(
      async () => FINAL.has((await instances.getInstance({ instanceId })).instance?.state ?? InstanceState.UNSPECIFIED),
      `the reconciliation ${instanceId} has ended`,
    );
    await settled(platformId);
  };
  const drift: PlatformCalls["drift"] = async (platformId) => {
    const found: Drift[] = [];
    let pageToken = "";
    do {
      const page = await pushes.listDrift({ platformId, pageSize: 500, pageToken });
      found.push(...page.entries);
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    return found;
  };

  return {
    platforms,
    workItems,
    pushes,
    instances,
    definitions,
    enabled: async ({ connector, settings, policy = QUICK, appIds, standsFor }) => {
      const { platform } = await platforms.createPlatform({
        platform: { name: connector, connector, settings, policy, standsFor },
      });
      const platformId = platform?.id ?? "";
      await platforms.enablePlatform({ platformId });
      if (appIds.length > 0) await platforms.createTrigger({ trigger: { platformId, appIds: [...appIds] } });
      return platformId;
    },
    report: async (event) => {
      await workItems.reportEvent({ event });
    },
    status: async (platformId) => {
      const { status } = await platforms.getPlatformStatus({ platformId });
      if (status === undefined) throw new Error(`Platform ${platformId} has no status`);
      return status;
    },
    logs,
    settled,
    exchanges: async (pushLogId) => {
      const { exchanges } = await pushes.listExchanges({ pushLogId, pageSize: 500 });
      // The newest attempt comes first; within one, what was sent first.
      return exchanges.toSorted((one, other) => one.attemptNumber - other.attemptNumber);
    },
    reconciled,
    drift,
    driftless: (platformId) =>
      until(async () => {
        if ((await drift(platformId)).length === 0) return true;
        await reconciled(platformId);
        return false;
      }, `platform ${platformId} believes all that it should`),
    close: () => sessionManager.abort(),
  };
}
