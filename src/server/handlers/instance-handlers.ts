import type { InstanceRecord } from "../../domain/instance/instance.ts";
import type { InstanceSelector, InstanceService } from "../../gen/belfry/v1/instance_service_pb.ts";
import { answerBulk, type BulkRequest } from "../bulk/answer-bulk.ts";
import { requireFilter, requireOneTarget } from "../bulk/bulk-command.ts";
import type { Call, Handlers } from "../call/handler.ts";
import { withWaitingReason } from "../destinations/waiting-reasons.ts";
import { instanceFilterOf } from "../mapping/filter.ts";
import { toInstance } from "../mapping/instance.ts";
import type { ServiceEnvironment } from "./environment.ts";
import { instanceReadHandlers } from "./instance-read-handlers.ts";
import { requestIdOf } from "./request-id.ts";
import { watchInstance } from "./watch-instance.ts";

interface CommandRequest extends BulkRequest {
  readonly instanceId: string;
  readonly selector?: InstanceSelector | undefined;
}

export function instanceHandlers(environment: ServiceEnvironment): Handlers<typeof InstanceService> {
  const { instances } = environment.runtime;

  /** The single command for one id, or for all that a selector matches. */
  const oneOrMany = async (
    request: CommandRequest,
    call: Call,
    run: (id: string, request: { readonly requestId?: string }) => Promise<InstanceRecord>,
  ) => {
    const { instanceId, selector } = request;
    requireOneTarget(instanceId, "instanceId", selector);
    if (selector === undefined) {
      const changed = await run(instanceId, requestIdOf(request));
      return { instance: toInstance(await withWaitingReason(changed, environment)) };
    }
    const filter = requireFilter(instanceFilterOf(selector, "selector."));
    const bulk = await answerBulk(environment, request, call, {
      filter,
      list: (after, limit) => environment.queries.listInstances(filter, after, limit),
      run: async (id, repeat) => (await run(id, repeat)).revision,
    });
    return { bulk };
  };

  return {
    ...instanceReadHandlers(environment),
    watchInstance: watchInstance(environment),

    cancelInstance: (request, call) => {
      const { reason, terminate } = request;
      return oneOrMany(request, call, (id, repeat) => instances.cancel(id, { reason, terminate, ...repeat }));
    },

    retryInstance: (request, call) => oneOrMany(request, call, (id, repeat) => instances.retry(id, repeat)),

    pauseInstance: (request, call) =>
      oneOrMany(request, call, (id, repeat) => instances.pause(id, { reason: request.reason, ...repeat })),

    resumeInstance: (request, call) => oneOrMany(request, call, (id, repeat) => instances.resume(id, repeat)),
  };
}
