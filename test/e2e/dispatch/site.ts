/** A server in a process of its own that may call receivers on 127.0.0.1, and the calls that the tests of this folder make. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { Client } from "@connectrpc/connect";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import type { Destination, Dispatch } from "../../../src/gen/belfry/v1/dispatch_pb.ts";
import type {
  CreateDispatchRequest,
  CreateDispatchRequestSchema,
  UpdateDestinationRequestSchema,
} from "../../../src/gen/belfry/v1/dispatch_service_pb.ts";
import { DispatchService } from "../../../src/gen/belfry/v1/dispatch_service_pb.ts";
import type { Attempt } from "../../../src/gen/belfry/v1/instance_pb.ts";
import { InstanceState } from "../../../src/gen/belfry/v1/instance_pb.ts";
import { InstanceService } from "../../../src/gen/belfry/v1/instance_service_pb.ts";
import { WorkerService } from "../../../src/gen/belfry/v1/worker_service_pb.ts";
import type { RetryPolicySchema } from "../../../src/gen/belfry/v1/policy_pb.ts";
import type { ServerProcess, ServerProcessOptions } from "../../support/server-process.ts";
import { startServerProcess } from "../../support/server-process.ts";
import { until } from "../../support/until.ts";

export type CreateDispatchInit = Exclude<MessageInitShape<typeof CreateDispatchRequestSchema>, CreateDispatchRequest>;
type Settings = NonNullable<MessageInitShape<typeof UpdateDestinationRequestSchema>["destination"]>["settings"];

export interface DispatchCalls {
  readonly dispatches: Client<typeof DispatchService>;
  readonly instances: Client<typeof InstanceService>;
  readonly workers: Client<typeof WorkerService>;
  /** Creates a dispatch with a task type and some data, tried once unless it says otherwise. @returns its id. */
  send(webhookUrl: string, more?: CreateDispatchInit): Promise<string>;
  read(id: string): Promise<Dispatch>;
  /** Resolves when it has ended. */
  ended(id: string): Promise<Dispatch>;
  /** The same as {@link send} and {@link ended} in one. */
  carriedOut(webhookUrl: string, more?: CreateDispatchInit): Promise<Dispatch>;
  /** In the order in which they were made. */
  attempts(id: string): Promise<readonly Attempt[]>;
  destination(origin: string): Promise<Destination>;
  set(origin: string, settings: Settings): Promise<void>;
  close(): void;
}

export interface DispatchSite extends DispatchCalls, AsyncDisposable {
  readonly server: ServerProcess;
}

/** Loopback addresses may be called unless `env` says otherwise. */
export async function openDispatchSite(options: ServerProcessOptions = {}): Promise<DispatchSite> {
  const server = await startServerProcess({
    ...options,
    env: { BELFRY_LOG_LEVEL: "warn", BELFRY_ALLOW_PRIVATE_TARGETS: "loopback", ...options.env },
  });
  const calls = dispatchCalls(server.url);
  return {
    ...calls,
    server,
    [Symbol.asyncDispose]: async () => {
      calls.close();
      await server.stop();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** So many retries, each after 50 ms. */
export function retries(maxRetries: number): MessageInitShape<typeof RetryPolicySchema> {
  return { initialDelay: durationFromMs(50), factor: 1, jitter: durationFromMs(0), maxRetries };
}

const FINAL: ReadonlySet<InstanceState> = new Set([
  InstanceState.COMPLETED,
  InstanceState.FAILED,
  InstanceState.CANCELLED,
  InstanceState.TIMED_OUT,
]);

/** @param defaultTimeoutMs of a call. Default: none. */
export function dispatchCalls(url: string, defaultTimeoutMs?: number): DispatchCalls {
  const sessionManager = new Http2SessionManager(url);
  const transport = createGrpcTransport({
    baseUrl: url,
    sessionManager,
    ...(defaultTimeoutMs === undefined ? {} : { defaultTimeoutMs }),
  });
  const dispatches = createClient(DispatchService, transport);
  const instances = createClient(InstanceService, transport);

  const send: DispatchCalls["send"] = async (webhookUrl, more = {}) => {
    const { dispatch } = await dispatches.createDispatch({
      webhookUrl,
      taskType: "competitor_alert",
      data: { competitor: "ACME" },
      retryPolicy: retries(0),
      ...more,
    });
    return present(dispatch).id;
  };
  const read: DispatchCalls["read"] = async (dispatchId) =>
    present((await dispatches.getDispatch({ dispatchId })).dispatch);
  const ended: DispatchCalls["ended"] = async (id) => {
    let last: Dispatch | undefined;
    await until(async () => FINAL.has((last = await read(id)).state), `dispatch ${id} has ended`);
    return present(last);
  };
  return {
    dispatches,
    instances,
    workers: createClient(WorkerService, transport),
    send,
    read,
    ended,
    carriedOut: async (webhookUrl, more) => ended(await send(webhookUrl, more)),
    attempts: async (instanceId) => {
      const { attempts } = await instances.listAttempts({ instanceId, pageSize: 500 });
      return attempts.toSorted((one, other) => one.number - other.number);
    },
    destination: async (origin) => present((await dispatches.getDestination({ origin })).destination),
    set: async (origin, settings = {}) => {
      await dispatches.updateDestination({ destination: { origin, settings } });
    },
    close: () => sessionManager.abort(),
  };
}

/** @throws Error when an answer lacks what it always has. */
export function present<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error("The answer lacks what it always has");
  return value;
}
