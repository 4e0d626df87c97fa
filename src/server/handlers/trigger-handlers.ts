import { BelfryError, invalid } from "../../domain/error.ts";
import type {
  BatchTriggerItem,
  BatchTriggerResultSchema,
  DefinitionService,
} from "../../gen/belfry/v1/definition_service_pb.ts";
import type { DefinitionCommands, Triggered, TriggerItem } from "../../runtime/index.ts";
import type { Handlers } from "../call/handler.ts";
import { errorStatus } from "../errors/details.ts";
import { Findings } from "../mapping/findings.ts";
import type { Init } from "../mapping/init.ts";
import { toInstance } from "../mapping/instance.ts";
import { requireField } from "../mapping/required.ts";
import { instantOf, toOptionalTimestamp } from "../mapping/time.ts";
import { triggerOverridesOf } from "../mapping/trigger.ts";
import type { ServiceEnvironment } from "./environment.ts";
import { requestIdOf } from "./request-id.ts";

type Triggers = "triggerDefinition" | "batchTriggerDefinition" | "backfillDefinition";

export function triggerHandlers(
  { clock, limits }: ServiceEnvironment,
  definitions: DefinitionCommands,
): Pick<Handlers<typeof DefinitionService>, Triggers> {
  const { dataMaxBytes } = limits;
  return {
    async triggerDefinition(request) {
      const { instance, existing } = await definitions.trigger(request.definitionId, {
        overrides: triggerOverridesOf(request.payload, request.overrides, "", dataMaxBytes),
        ignoreOverlap: request.ignoreOverlap,
        ...requestIdOf(request),
      });
      return { instance: toInstance(instance), existing };
    },

    async batchTriggerDefinition(request) {
      const { definitionId, items, atomic } = request;
      const read = items.map((item, index) => readItem(item, index, dataMaxBytes));
      const refused = read.find((item) => item instanceof BelfryError);
      if (atomic && refused !== undefined) throw refused;
      const sound = read.filter((item): item is TriggerItem => !(item instanceof BelfryError));
      const answers = sound.length > 0 ? await definitions.batchTrigger(definitionId, { items: sound, atomic }) : [];
      const inOrder = answers.values();
      return {
        results: read.map((item) =>
          toResult(item instanceof BelfryError ? item : (inOrder.next().value ?? missingAnswer())),
        ),
      };
    },

    async backfillDefinition(request) {
      const findings = new Findings();
      const from = instantOf(requireField(request.startTime, "startTime"), "startTime", findings, "up");
      const to = instantOf(requireField(request.endTime, "endTime"), "endTime", findings, "up");
      findings.throwIfAny();
      if (to <= from) throw invalid({ field: "endTime", description: "must be after startTime" });
      if (to > clock.now()) throw invalid({ field: "endTime", description: "must not be in the future" });
      const { validateOnly } = request;
      const result = await definitions.backfill(request.definitionId, {
        from,
        to,
        validateOnly,
        ...requestIdOf(request),
      });
      return {
        firedCount: result.fired,
        knownCount: result.known,
        nextStartTime: toOptionalTimestamp(result.nextFrom),
      };
    },
  };
}

/** An item that cannot be read is one that cannot be created: it need not keep the others from being. */
function readItem(item: BatchTriggerItem, index: number, dataMaxBytes: number): TriggerItem | BelfryError {
  try {
    const overrides = triggerOverridesOf(item.payload, item.overrides, `items[${index}].`, dataMaxBytes);
    return { overrides, ...requestIdOf(item) };
  } catch (error) {
    if (error instanceof BelfryError) return error;
    throw error;
  }
}

function toResult(result: Triggered | BelfryError): Init<typeof BatchTriggerResultSchema> {
  if (result instanceof BelfryError) return { error: errorStatus(result) };
  // A thousand copies of the definition's payload are no answer that clients could read.
  const { payload: _, content: __, ...instance } = toInstance(result.instance);
  return { instance, existing: result.existing };
}

function missingAnswer(): never {
  throw new Error("The runtime gave fewer answers than it was given items");
}
