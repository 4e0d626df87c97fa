import type { InstanceRecord } from "../../domain/instance/instance.ts";
import { celeryStatusOf } from "../../domain/execution/celery-status.ts";
import { ListExecutionsRequestSchema, type ExecutionService } from "../../gen/belfry/v1/execution_service_pb.ts";
import type { Handlers } from "../call/handler.ts";
import { executionFilterOf, statsAskedOf } from "../mapping/execution-filter.ts";
import { toExecutionStats } from "../mapping/execution-stats.ts";
import { registrationOf, toExecution, updateOf, withMetadataFields } from "../mapping/execution.ts";
import { cutPage, listCursorOf, pageOf } from "../paging/page-token.ts";
import type { ServiceEnvironment } from "./environment.ts";
import { readExecution } from "./not-found.ts";
import { requestIdOf } from "./request-id.ts";

/** What a statistic looks at, at most. */
const STATS_LIMIT = 200_000;
const GROUPS_MAX = 100;

export function executionHandlers({
  runtime,
  queries,
  clock,
  limits,
}: ServiceEnvironment): Handlers<typeof ExecutionService> {
  const { dataMaxBytes } = limits;

  async function read({ taskId, sync }: { readonly taskId: string; readonly sync: boolean }): Promise<InstanceRecord> {
    return sync ? (await runtime.executions.sync(taskId)).instance : readExecution(queries, taskId);
  }

  return {
    async registerExecution(request) {
      const { taskId, ...command } = registrationOf(request, dataMaxBytes);
      const { instance, existing } = await runtime.executions.register(taskId, { ...command, ...requestIdOf(request) });
      return { execution: toExecution(instance), existing };
    },

    async updateExecution(request) {
      const command = { report: updateOf(request, dataMaxBytes), ...requestIdOf(request) };
      const { instance, heeded } = await runtime.executions.update(request.taskId, command);
      return {
        execution: toExecution(instance),
        statusIgnored: !heeded,
        statusIgnoredReason: heeded ? "" : whyIgnored(instance, request.status),
      };
    },

    async getExecution(request) {
      return { execution: toExecution(await read(request)) };
    },

    async listExecutions(request) {
      const page = pageOf(ListExecutionsRequestSchema, request);
      const filter = executionFilterOf(request, dataMaxBytes);
      const rows = await queries.listInstances(filter, listCursorOf(page), page.size + 1);
      const { shown, nextPageToken } = cutPage(rows, page, ({ createdAt, id }) => [createdAt, id]);
      const executions = shown.map((row) => toExecution(withMetadataFields(row, request.metadataFields)));
      return { executions, nextPageToken };
    },

    async getExecutionStatus(request) {
      const { taskId, status, completed, running, progress, error, createTime, startTime, completeTime } = toExecution(
        await read(request),
      );
      return { taskId, status, completed, running, progress, error, createTime, startTime, completeTime };
    },

    async getExecutionStats(request) {
      const asked = statsAskedOf(request, clock.now(), dataMaxBytes);
      const { filter, edges, grouping } = asked;
      const stats = await queries.executionStats({
        filter,
        edges,
        grouping,
        maxGroups: GROUPS_MAX,
        limit: STATS_LIMIT,
      });
      return toExecutionStats(stats, asked, STATS_LIMIT);
    },

    async syncExecution({ taskId }) {
      const { instance, changed } = await runtime.executions.sync(taskId);
      return { execution: toExecution(instance), changed };
    },
  };
}

function whyIgnored({ state, life }: InstanceRecord, told: string): string {
  const status = celeryStatusOf(state);
  return life.endedAt === null
    ? `It is ${status} already and was told to be ${told}: what has begun does not become what has not.`
    : `It ended as ${status}, which is never undone; it was told to be ${told}.`;
}
