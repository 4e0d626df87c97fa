/** Filters of lists and selectors of bulk commands. */
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { DefinitionState } from "../../gen/belfry/v1/definition_pb.ts";
import { InstanceState } from "../../gen/belfry/v1/instance_pb.ts";
import type { Priority as ProtoPriority } from "../../gen/belfry/v1/policy_pb.ts";
import type { DefinitionFilter, InstanceFilter } from "../../ports/store/queries.ts";
import { namesIn } from "./enumeration.ts";
import { Findings } from "./findings.ts";
import { priorityOf } from "./policy.ts";
import { optionalInstantOf } from "./time.ts";

interface DefinitionFields {
  readonly userId: string;
  readonly states: readonly number[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly businessId?: string;
  readonly createdAfter?: Timestamp | undefined;
  readonly createdBefore?: Timestamp | undefined;
}

interface InstanceFields extends DefinitionFields {
  readonly definitionId: string;
  readonly priorities: readonly ProtoPriority[];
}

/** @param prefix where the fields stand in the request, with its dot, or empty. @throws BelfryError INVALID_FIELD */
export function definitionFilterOf(fields: DefinitionFields, prefix = ""): DefinitionFilter {
  const findings = new Findings();
  const filter = commonFilterOf(fields, prefix, findings);
  findings.throwIfAny();
  return withoutUnset({ ...filter, states: namesIn(DefinitionState, fields.states) });
}

/** As {@link definitionFilterOf}. */
export function instanceFilterOf(fields: InstanceFields, prefix = ""): InstanceFilter {
  const findings = new Findings();
  const filter = commonFilterOf(fields, prefix, findings);
  findings.throwIfAny();
  const priorities = fields.priorities
    .map((priority) => priorityOf(priority))
    .filter((priority) => priority !== undefined);
  return withoutUnset({
    ...filter,
    definitionId: fields.definitionId || undefined,
    states: namesIn(InstanceState, fields.states),
    priorities: priorities.length === 0 ? undefined : priorities,
  });
}

function commonFilterOf(
  fields: DefinitionFields,
  prefix: string,
  findings: Findings,
): Omit<DefinitionFilter, "states"> {
  const labels = fields.labels ?? {};
  return {
    userId: fields.userId || undefined,
    labels: Object.keys(labels).length === 0 ? undefined : labels,
    businessId: fields.businessId || undefined,
    createdAfter: optionalInstantOf(fields.createdAfter, `${prefix}createdAfter`, findings, "up"),
    createdBefore: optionalInstantOf(fields.createdBefore, `${prefix}createdBefore`, findings, "up"),
  };
}

/** So that "no filter at all" is an object without keys. */
function withoutUnset<T extends object>(filter: T): T {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)) as T;
}
