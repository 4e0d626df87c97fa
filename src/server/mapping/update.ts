/**
 * Update masks. A mask is applied to the message, where its paths make sense: the current spec becomes a message, the named fields are taken
 * from the request, and the result is checked and read like a new definition.
 */
import { create, type DescField, type DescMessage } from "@bufbuild/protobuf";
import { reflect, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import type { FieldMask } from "@bufbuild/protobuf/wkt";
import { invalid } from "../../domain/error.ts";
import type { DefinitionSpec } from "../../domain/definition/definition.ts";
import { ActionSchema } from "../../gen/belfry/v1/action_pb.ts";
import { DefinitionSchema, type Definition } from "../../gen/belfry/v1/definition_pb.ts";
import { checkRequest } from "../call/check-request.ts";
import { definitionSpecOf, toDefinitionSpec, type SpecReading } from "./definition.ts";
import { Findings } from "./findings.ts";

type FieldPath = readonly [DescField, ...DescField[]];

/** First numbers of what only the system sets; `id` and `start_paused` are set at creation. */
const OUTPUT_ONLY_FROM = 30;
const AT_CREATION_ONLY: Readonly<Record<string, string>> = {
  id: "names the definition and cannot be changed",
  start_paused: "has a meaning at creation only; use PauseDefinition",
};

/**
 * What an update asks for, as a change of the current spec. The change throws BelfryError INVALID_FIELD when its outcome breaks a rule.
 *
 * @param mask paths in snake_case or lowerCamelCase, nested with dots, `*` for all. Unset or empty: every field that `definition` has set.
 * @throws BelfryError INVALID_FIELD when a path names no field that callers set.
 */
export function definitionUpdate(
  definition: Definition,
  mask: FieldMask | undefined,
  reading: SpecReading,
): (spec: DefinitionSpec) => DefinitionSpec {
  const paths = mask === undefined || mask.paths.length === 0 ? setFields(definition) : maskedFields(mask);
  const changesSchedule = paths.some(([first]) => first.name === "schedule");
  if (changesSchedule && definition.schedule?.timing.case === "immediate") {
    throw invalid({
      field: `${reading.field}.schedule.immediate`,
      description: "has a meaning at creation only; use TriggerDefinition to run it now",
    });
  }
  return (spec) => {
    const changed = create(DefinitionSchema, toDefinitionSpec(spec));
    for (const path of paths)
      copyField(path, reflect(DefinitionSchema, definition), reflect(DefinitionSchema, changed));
    checkRequest(DefinitionSchema, changed, reading.field);
    const { action } = spec;
    // Work of the system's own can be left as it is, and not be given.
    const ownWork = action.kind === "job" && !paths.some(([first]) => first.name === "action") ? action : undefined;
    if (ownWork !== undefined) changed.action = create(ActionSchema, { kind: { case: "external", value: {} } });
    const stored = action.kind === "webhook" ? action : undefined;
    const read = definitionSpecOf(changed, { ...reading, webhooks: { ...reading.webhooks, stored } });
    // What the schedule counts from is no field of its own, and must outlive changes of other fields.
    return {
      ...read,
      ...(ownWork !== undefined && { action: ownWork }),
      ...(!changesSchedule && { schedule: spec.schedule }),
    };
  };
}

function setFields(definition: Definition): FieldPath[] {
  const message = reflect(DefinitionSchema, definition);
  return updatable()
    .filter((field) => message.isSet(field))
    .map((field): FieldPath => [field]);
}

function updatable(): DescField[] {
  return DefinitionSchema.fields.filter(
    (field) => field.number < OUTPUT_ONLY_FROM && !(field.name in AT_CREATION_ONLY),
  );
}

function maskedFields(mask: FieldMask): FieldPath[] {
  const findings = new Findings();
  const paths: FieldPath[] = [];
  mask.paths.forEach((path, index) => {
    const report = (description: string): void =>
      findings.add(`updateMask.paths[${index}]`, `"${path}" ${description}`);
    if (path === "*") paths.push(...updatable().map((field): FieldPath => [field]));
    else {
      const resolved = resolve(DefinitionSchema, path.split("."));
      if (resolved === undefined) report("is not a field of a definition");
      else {
        const fault = faultOf(resolved[0]);
        if (fault === undefined) paths.push(resolved);
        else report(fault);
      }
    }
  });
  findings.throwIfAny();
  return paths;
}

function faultOf(field: DescField): string | undefined {
  if (field.number >= OUTPUT_ONLY_FROM) return "is set by the system and cannot be changed";
  return AT_CREATION_ONLY[field.name];
}

function resolve(schema: DescMessage, [name, ...rest]: readonly string[]): FieldPath | undefined {
  const field = schema.fields.find((candidate) => candidate.name === name || candidate.jsonName === name);
  if (field === undefined) return undefined;
  if (rest.length === 0) return [field];
  if (field.fieldKind !== "message" || field.message.file.name.startsWith("google/protobuf/")) return undefined;
  const nested = resolve(field.message, rest);
  return nested && [field, ...nested];
}

/** Sets the field of `to` to that of `from`, or clears it when `from` has none. */
function copyField([field, ...rest]: FieldPath, from: ReflectMessage, to: ReflectMessage): void {
  const [next, ...deeper] = rest;
  if (next !== undefined && field.fieldKind === "message") {
    const source = from.isSet(field) ? from.get(field) : undefined;
    const target = to.get(field);
    copyField([next, ...deeper], source ?? reflect(field.message), target);
    // A message that was unset is handed out detached.
    to.set(field, target);
  } else if (from.isSet(field)) {
    to.set(field, from.get(field));
  } else {
    to.clear(field);
  }
}
