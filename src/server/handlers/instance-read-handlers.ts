import { FINAL_STATES } from "../../domain/instance/instance.ts";
import { InstanceState } from "../../gen/belfry/v1/instance_pb.ts";
import {
  ListAttemptsRequestSchema,
  ListInstancesRequestSchema,
  type GetInstanceStatsResponseSchema,
  type InstanceService,
} from "../../gen/belfry/v1/instance_service_pb.ts";
import type { InstanceStats } from "../../ports/store/queries.ts";
import type { Handlers } from "../call/handler.ts";
import { withWaitingReason, withWaitingReasons } from "../destinations/waiting-reasons.ts";
import { explainInstance } from "../explain/instance.ts";
import { toAttempt, toRunningAttempt } from "../mapping/attempt.ts";
import { instanceFilterOf } from "../mapping/filter.ts";
import type { Init } from "../mapping/init.ts";
import { toInstance } from "../mapping/instance.ts";
import { toOptionalDuration, toOptionalTimestamp, toTimestamp } from "../mapping/time.ts";
import { cutPage, listCursorOf, numberCursorOf, pageOf } from "../paging/page-token.ts";
import type { ServiceEnvironment } from "./environment.ts";
import { readInstance } from "./not-found.ts";

type Reads = "getInstance" | "listInstances" | "listAttempts" | "getInstanceStats" | "explainInstance";

const STATS_SPAN_MS = 86_400_000;

export function instanceReadHandlers(environment: ServiceEnvironment): Pick<Handlers<typeof InstanceService>, Reads> {
  const { queries, clock } = environment;
  return {
    async getInstance(request) {
      const found = await readInstance(queries, request.instanceId);
      return { instance: toInstance(await withWaitingReason(found, environment)) };
    },

    async listInstances(request) {
      const page = pageOf(ListInstancesRequestSchema, request);
      const rows = await queries.listInstances(instanceFilterOf(request), listCursorOf(page), page.size + 1);
      const { shown, nextPageToken } = cutPage(rows, page, ({ createdAt, id }) => [createdAt, id]);
      const instances = await withWaitingReasons(shown, environment);
      return { instances: instances.map(toInstance), nextPageToken };
    },

    async listAttempts(request) {
      const page = pageOf(ListAttemptsRequestSchema, request);
      const before = numberCursorOf(page);
      const instance = await readInstance(queries, request.instanceId);
      const running = before === null ? toRunningAttempt(instance) : undefined;
      const rows = await queries.listAttempts(request.instanceId, before, page.size + 1);
      // The one under way is the newest, and takes a place of the first page.
      const ended = running === undefined ? page : { ...page, size: page.size - 1 };
      const { shown, nextPageToken } = cutPage(rows, ended, ({ number }) => [number]);
      const isEmptyPage = shown.length === 0 && rows.length > 0 && running !== undefined;
      return {
        attempts: [...(running === undefined ? [] : [running]), ...shown.map(toAttempt)],
        nextPageToken: isEmptyPage ? page.tokenFor([running.number ?? 0]) : nextPageToken,
      };
    },

    async getInstanceStats({ definitionId, userId, createdAfter, createdBefore }) {
      const filter = instanceFilterOf({
        definitionId,
        userId,
        createdAfter,
        createdBefore,
        states: [],
        priorities: [],
      });
      const stats = await queries.instanceStats({ createdAfter: clock.now() - STATS_SPAN_MS, ...filter });
      return toStats(stats);
    },

    async explainInstance({ instanceId }) {
      const instance = await withWaitingReason(await readInstance(queries, instanceId), environment);
      const { summary, facts, sinceAt, next } = explainInstance(instance, clock.now());
      return {
        summary,
        facts: [...facts],
        since: toTimestamp(sinceAt),
        nextTime: toOptionalTimestamp(next?.at),
        nextStep: next?.step ?? "",
        instance: toInstance(instance),
      };
    },
  };
}

function toStats({ counts, ...lengths }: InstanceStats): Init<typeof GetInstanceStatsResponseSchema> {
  const states = Object.entries(counts).filter(([, count]) => count > 0);
  const ended = FINAL_STATES.reduce((sum, state) => sum + (counts[state] ?? 0), 0);
  return {
    counts: states.map(([state, count]) => ({
      state: InstanceState[state as keyof typeof counts],
      count: BigInt(count),
    })),
    total: BigInt(states.reduce((sum, [, count]) => sum + count, 0)),
    successRate: ended === 0 ? undefined : (counts.COMPLETED ?? 0) / ended,
    durationP50: toOptionalDuration(lengths.durationP50Ms),
    durationP95: toOptionalDuration(lengths.durationP95Ms),
    waitP50: toOptionalDuration(lengths.waitP50Ms),
    waitP95: toOptionalDuration(lengths.waitP95Ms),
  };
}
