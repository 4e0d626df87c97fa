import type { Path } from "@bufbuild/protobuf/reflect";

export interface FieldPath {
  /** In proto-JSON names, e.g. `definition.schedule.cron.expressions[0]` or `definition.labels["team"]`. */
  readonly field: string;
  /** When the path names a oneof, which JSON does not know: its members. The field is then the message that has it. */
  readonly choices?: readonly string[];
}

/** How a caller who writes JSON names a field. */
export function fieldPath(path: Path, prefix = ""): FieldPath {
  let field = prefix;
  let choices: readonly string[] | undefined;
  for (const step of path) {
    switch (step.kind) {
      case "field":
        field = member(field, step.jsonName);
        break;
      case "extension":
        field = member(field, `[${step.typeName}]`);
        break;
      case "oneof":
        choices = step.fields.map((choice) => choice.jsonName);
        break;
      case "list_sub":
        field += `[${step.index}]`;
        break;
      case "map_sub":
        field += `[${JSON.stringify(String(step.key))}]`;
        break;
    }
  }
  return { field, choices };
}

/** `name` in the message at `path`. */
export function member(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
