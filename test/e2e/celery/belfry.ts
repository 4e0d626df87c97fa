/** A Belfry that reads Celery's results, and what it has on record. */
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import type { Client } from "@connectrpc/connect";
import { create, toJson } from "@bufbuild/protobuf";
import { timestampMs, ValueSchema } from "@bufbuild/protobuf/wkt";
import { MARK_TIMEOUTS } from "../../../src/domain/maintenance/configured-maintenance.ts";
import type { Execution } from "../../../src/gen/belfry/v1/execution_pb.ts";
import { ConfigScope } from "../../../src/gen/belfry/v1/config_pb.ts";
import { ConfigService } from "../../../src/gen/belfry/v1/config_service_pb.ts";
import { DefinitionService } from "../../../src/gen/belfry/v1/definition_service_pb.ts";
import { ExecutionService } from "../../../src/gen/belfry/v1/execution_service_pb.ts";
import { startServerProcess } from "../../support/server-process.ts";
import { until } from "../../support/until.ts";
import type { Shop, Told } from "./shop.ts";

export interface Belfry extends AsyncDisposable {
  readonly url: string;
  readonly executions: Client<typeof ExecutionService>;
  get(taskId: string): Promise<Execution>;
  register(taskId: string, taskName: string): Promise<void>;
  /** SyncExecution. */
  sync(taskId: string): Promise<{ readonly execution: Execution; readonly changed: boolean }>;
  untilItSays(taskId: string, status: string): Promise<Execution>;
  /** Waits until what has begun is over its time, the shortest there is, and has the sweep of timeouts run. */
  timeOut(taskId: string): Promise<Execution>;
  output(): string;
}

/** @param results `BELFRY_CELERY_RESULT_BACKEND` */
export async function startBelfry(databaseUrl: string, results: string): Promise<Belfry> {
  const server = await startServerProcess({
    env: {
      BELFRY_DATABASE_URL: databaseUrl,
      BELFRY_DATA_DIR: undefined,
      BELFRY_SHARDS: "8",
      BELFRY_CELERY_RESULT_BACKEND: results,
    },
  });
  const session = new Http2SessionManager(server.url);
  const transport = createGrpcTransport({ baseUrl: server.url, sessionManager: session });
  const executions = createClient(ExecutionService, transport);
  const configs = createClient(ConfigService, transport);
  const definitions = createClient(DefinitionService, transport);
  const get = async (taskId: string): Promise<Execution> => {
    const { execution } = await executions.getExecution({ taskId });
    return execution!;
  };
  const untilItSays = async (taskId: string, status: string): Promise<Execution> => {
    let execution: Execution | undefined;
    await until(
      async () => {
        execution = await get(taskId);
        return execution.status === status;
      },
      `Belfry says ${status}`,
      30_000,
    ).catch((error: unknown) => {
      throw new Error(`Belfry says ${JSON.stringify(seen(execution!))}`, { cause: error });
    });
    return execution!;
  };
  return {
    url: server.url,
    executions,
    get,
    async register(taskId, taskName) {
      await executions.registerExecution({ taskId, taskName, module: "shop" });
    },
    async sync(taskId) {
      const { execution, changed } = await executions.syncExecution({ taskId });
      return { execution: execution!, changed };
    },
    untilItSays,
    async timeOut(taskId) {
      const config = {
        scope: ConfigScope.GLOBAL,
        key: "timeout_minutes",
        value: create(ValueSchema, { kind: { case: "numberValue", value: 1 } }),
      };
      await configs.setConfig({ config });
      const { startTime } = await get(taskId);
      const overAt = timestampMs(startTime!) + 60_000;
      await until(() => Date.now() > overAt, "a minute is over", 90_000);
      await definitions.triggerDefinition({ definitionId: MARK_TIMEOUTS.id });
      return untilItSays(taskId, "FAILURE");
    },
    output: () => server.output(),
    async [Symbol.asyncDispose]() {
      session.abort();
      await server.stop();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Those of Celery's states that Belfry has no status of its own for. */
const OWN_STATES: Readonly<Record<string, string>> = { CRAWLING: "STARTED", RECEIVED: "PENDING" };

/** The part of a record that Celery knows too, in the same words. */
export function seen(execution: Execution) {
  const { status, result, errorType, traceback } = execution;
  const failed = status === "FAILURE" || status === "RETRY";
  return {
    status,
    result: status === "SUCCESS" && result !== undefined ? toJson(ValueSchema, result) : null,
    exception: failed ? errorType : null,
    traceback: failed ? traceback : "",
  };
}

/** The same of what Celery says. */
export function expectedOf({ status, result, exception, traceback }: Told) {
  const failed = status === "FAILURE" || status === "RETRY";
  return {
    status: OWN_STATES[status] ?? status,
    result: status === "SUCCESS" ? result : null,
    exception: failed ? (exception?.type ?? null) : null,
    traceback: failed ? traceback : "",
  };
}

/** When it ended. */
export function completedAt({ completeTime }: Execution): number {
  return completeTime === undefined ? Number.NaN : timestampMs(completeTime);
}

/** When Celery says that it ended, which to Belfry is no earlier than it heard of it at all. */
export function expectedEnd({ doneAt }: Told, { createTime }: Execution): number {
  if (doneAt === null || createTime === undefined) return Number.NaN;
  const at = Date.parse(/(?:Z|[+-]\d\d:\d\d)$/.test(doneAt) ? doneAt : `${doneAt}Z`);
  return Math.max(at, timestampMs(createTime));
}

/** Both sides, as they stand at one moment. */
export async function bothSides(belfry: Belfry, shop: Shop, id: string) {
  return { celery: expectedOf(await shop.ask(id)), belfry: seen(await belfry.get(id)) };
}
