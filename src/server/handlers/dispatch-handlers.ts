import { invalid } from "../../domain/error.ts";
import type { InstanceRecord } from "../../domain/instance/instance.ts";
import { originOf } from "../../domain/webhook/origin.ts";
import {
  ListDispatchesRequestSchema,
  type DispatchService,
  type SendTestEventRequest,
} from "../../gen/belfry/v1/dispatch_service_pb.ts";
import { answerBulk } from "../bulk/answer-bulk.ts";
import { requireOneTarget } from "../bulk/bulk-command.ts";
import type { Handlers } from "../call/handler.ts";
import { withWaitingReason, withWaitingReasons } from "../destinations/waiting-reasons.ts";
import { createDispatchOf, isDispatch, testDispatchOf, toDispatch, type DispatchRecord } from "../mapping/dispatch.ts";
import { dispatchFilterOf, dispatchSelectionOf } from "../mapping/dispatch-filter.ts";
import { originIn } from "../mapping/origin.ts";
import { cutPage, listCursorOf, pageOf } from "../paging/page-token.ts";
import { destinationHandlers } from "./destination-handlers.ts";
import type { ServiceEnvironment } from "./environment.ts";
import { readDispatch } from "./not-found.ts";
import { requestIdOf } from "./request-id.ts";

export function dispatchHandlers(environment: ServiceEnvironment): Handlers<typeof DispatchService> {
  const { runtime, queries, limits, webhooks } = environment;
  const reading = { dataMaxBytes: limits.dataMaxBytes, webhooks };

  return {
    ...destinationHandlers(environment),

    async createDispatch(request) {
      const command = { ...createDispatchOf(request, reading), ...requestIdOf(request) };
      const { instance, existing } = await runtime.dispatches.create(originOf(command.overrides.action.url), command);
      return { dispatch: toDispatch(existing ? asDispatch(instance) : asMade(asDispatch(instance))), existing };
    },

    async getDispatch({ dispatchId }) {
      const found = await readDispatch(queries, dispatchId);
      return { dispatch: toDispatch(await withWaitingReason(found, environment)) };
    },

    async listDispatches(request) {
      const page = pageOf(ListDispatchesRequestSchema, request);
      const rows = await queries.listInstances(dispatchFilterOf(request), listCursorOf(page), page.size + 1);
      const { shown, nextPageToken } = cutPage(rows.map(asDispatch), page, ({ createdAt, id }) => [createdAt, id]);
      const dispatches = await withWaitingReasons(shown, environment);
      return { dispatches: dispatches.map(toDispatch), nextPageToken };
    },

    async replayDispatches(request, call) {
      const { dispatchId, selector } = request;
      requireOneTarget(dispatchId, "dispatchId", selector);
      if (selector === undefined) {
        await readDispatch(queries, dispatchId);
        const replayed = asDispatch(await runtime.instances.retry(dispatchId, requestIdOf(request)));
        return { dispatch: toDispatch(await withWaitingReason(replayed, environment)) };
      }
      const { filter, list } = dispatchSelectionOf(selector, queries);
      const bulk = await answerBulk(environment, request, call, {
        filter,
        list,
        run: async (id, repeat) => (await runtime.instances.retry(id, repeat)).revision,
      });
      return { bulk };
    },

    async sendTestEvent(request) {
      const command = { ...testDispatchOf(request, testUrlOf(request), reading), ...requestIdOf(request) };
      const { instance } = await runtime.dispatches.create(originOf(command.overrides.action.url), command);
      return { dispatch: toDispatch(asMade(asDispatch(instance))) };
    },
  };
}

/**
 * A dispatch that was just made, as it was then. When its destination has room its first attempt begins in the same commit: an answer that is
 * PENDING on one day and RUNNING on another would tell callers nothing that they could rely on.
 */
function asMade(dispatch: DispatchRecord): DispatchRecord {
  const { state, life } = dispatch;
  if (state !== "RUNNING" || life.attemptCount !== 1 || life.attempt?.handedOn !== undefined) return dispatch;
  const made = { attempt: null, attemptCount: 0, startedAt: null, workerId: "", waitingReason: "NO_WORKER" } as const;
  return { ...dispatch, state: "PENDING", life: { ...life, ...made } };
}

function testUrlOf({ webhookUrl, origin }: SendTestEventRequest): string {
  if (webhookUrl === "" && origin === "") {
    throw invalid({ field: "webhookUrl", description: "is required, or an origin in its place" });
  }
  if (webhookUrl !== "" && origin !== "") {
    throw invalid({ field: "origin", description: "must not be set together with webhookUrl" });
  }
  return webhookUrl === "" ? `${originIn(origin, "origin")}/` : webhookUrl;
}

function asDispatch(instance: InstanceRecord): DispatchRecord {
  if (isDispatch(instance)) return instance;
  throw new Error(`Instance ${instance.id} has the id of a dispatch and runs something else`);
}
