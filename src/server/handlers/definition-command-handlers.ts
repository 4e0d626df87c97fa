import type { DefinitionSelector, DefinitionService } from "../../gen/belfry/v1/definition_service_pb.ts";
import type { DefinitionCommands, DefinitionView } from "../../runtime/index.ts";
import { answerBulk, type BulkRequest } from "../bulk/answer-bulk.ts";
import { requireFilter, requireOneTarget } from "../bulk/bulk-command.ts";
import type { Call, Handlers } from "../call/handler.ts";
import { toDefinitionView } from "../mapping/definition.ts";
import { definitionFilterOf } from "../mapping/filter.ts";
import type { ServiceEnvironment } from "./environment.ts";
import { requestIdOf } from "./request-id.ts";

type Commands = "pauseDefinition" | "resumeDefinition" | "cancelDefinition";

interface CommandRequest extends BulkRequest {
  readonly definitionId: string;
  readonly selector?: DefinitionSelector | undefined;
}

export function definitionCommandHandlers(
  environment: ServiceEnvironment,
  definitions: DefinitionCommands,
): Pick<Handlers<typeof DefinitionService>, Commands> {
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
    const bulk = await answerBulk(environment, request, call, {
      filter,
      list: async (after, limit) =>
        (await environment.queries.listDefinitions(filter, after, limit)).map(({ definition }) => definition),
      run: async (id, repeat) => (await run(id, repeat)).definition.revision,
    });
    return { bulk };
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
