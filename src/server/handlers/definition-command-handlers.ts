import type { DefinitionSelector, DefinitionService } from "../../gen/belfry/v1/definition_service_pb.ts";
import type { DefinitionView } from "../../runtime/index.ts";
import { requireFilter, requireOneTarget, runBulk, toBulkResult } from "../bulk/bulk-command.ts";
import type { Call, Handlers } from "../call/handler.ts";
import { toDefinitionView } from "../mapping/definition.ts";
import { definitionFilterOf } from "../mapping/filter.ts";
import type { ServiceEnvironment } from "./environment.ts";
import { requestIdFor, requestIdOf } from "./request-id.ts";

type Commands = "pauseDefinition" | "resumeDefinition" | "cancelDefinition";

interface CommandRequest {
  readonly $typeName: string;
  readonly definitionId: string;
  readonly selector?: DefinitionSelector | undefined;
  readonly validateOnly: boolean;
  readonly requestId: string;
}

export function definitionCommandHandlers(
  environment: ServiceEnvironment,
): Pick<Handlers<typeof DefinitionService>, Commands> {
  const { definitions } = environment.runtime;

  /** The single command for one id, or for all that a selector matches. */
  const oneOrMany = async (
    request: CommandRequest,
    call: Call,
    run: (id: string, request: { readonly requestId?: string }) => Promise<DefinitionView>,
  ) => {
    const { definitionId, selector } = request;
    requireOneTarget(definitionId, "definitionId", selector);
    if (selector === undefined) return { definition: toDefinitionView(await run(definitionId, requestIdOf(request))) };
    const filter = requireFilter(definitionFilterOf(selector, "selector."));
    const { validateOnly } = request;
    const carryOut = () =>
      runBulk({
        list: async (after, limit) =>
          (await environment.queries.listDefinitions(filter, after, limit)).map(({ definition }) => definition),
        run: async (id) => (await run(id, requestIdFor(request, id))).definition.revision,
        validateOnly,
        concurrency: environment.limits.bulkConcurrency,
        clock: environment.clock,
        signal: call.signal,
      });
    const command = { method: request.$typeName, asked: filter, ...requestIdOf(request) };
    return {
      bulk: toBulkResult(await (validateOnly ? carryOut() : environment.runtime.repeatable(command, carryOut))),
    };
  };

  return {
    pauseDefinition: (request, call) =>
      oneOrMany(request, call, (id, repeat) => definitions.pause(id, { reason: request.reason, ...repeat })),

    resumeDefinition: (request, call) => oneOrMany(request, call, (id, repeat) => definitions.resume(id, repeat)),

    cancelDefinition: (request, call) => {
      const { reason, cancelRunning, terminate } = request;
      return oneOrMany(request, call, (id, repeat) =>
        definitions.cancel(id, { reason, cancelRunning, terminate, ...repeat }),
      );
    },
  };
}
