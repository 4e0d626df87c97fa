/** NATS subject patterns over the channels of events: `*` is one part, `>` all the rest (at least one part). */
import { eventChannel, type StatusEvent } from "../../domain/event/status-event.ts";
import { invalid } from "../../domain/error.ts";
import { shardOf } from "../../domain/routing.ts";
import { isDispatchId } from "../../domain/webhook/dispatch-id.ts";

export interface EventSelection {
  matches(event: StatusEvent): boolean;
  /** The only shards in which matching events can be; null: any. */
  readonly shards: ReadonlySet<number> | null;
}

const EVERYTHING: EventSelection = { matches: () => true, shards: null };
const ROOT = ["belfry", "events"];

/** No patterns select everything. @throws BelfryError INVALID_FIELD when a pattern is none. */
export function selectionOf(patterns: readonly string[], shardCount: number): EventSelection {
  if (patterns.length === 0) return EVERYTHING;
  const parsed = patterns.map((pattern, index) => parse(pattern, `subjects[${index}]`));
  const shards = parsed.map((parts) => shardNamedBy(parts, shardCount));
  return {
    matches: (event) => {
      const channel = eventChannel(event).split(".");
      return parsed.some((parts) => isMatch(parts, channel));
    },
    shards: shards.includes(null) ? null : new Set(shards.filter((shard) => shard !== null)),
  };
}

export function subjectMatches(pattern: string, subject: string): boolean {
  return isMatch(pattern.split("."), subject.split("."));
}

function parse(pattern: string, field: string): readonly string[] {
  const parts = pattern.split(".");
  const isProper = parts.every(
    (part, index) =>
      part !== "" &&
      !/\s/.test(part) &&
      (part === "*" || (part === ">" ? index === parts.length - 1 : !/[*>]/.test(part))),
  );
  if (isProper) return parts;
  throw invalid({
    field,
    description: `"${pattern}" is not a subject pattern: parts divided by dots, \`*\` for one part, \`>\` at the end for the rest`,
  });
}

function isMatch(pattern: readonly string[], subject: readonly string[]): boolean {
  for (let index = 0; index < pattern.length; index++) {
    const part = pattern[index];
    if (part === ">") return subject.length > index;
    if (index >= subject.length || (part !== "*" && part !== subject[index])) return false;
  }
  return pattern.length === subject.length;
}

/** The shard of the one resource a pattern names; null when it may match others. */
function shardNamedBy(parts: readonly string[], shardCount: number): number | null {
  const [belfry, events, resource, id] = parts;
  if (belfry !== ROOT[0] || events !== ROOT[1]) return null;
  // Events of pushes are in the shard of their session, under the id of a work item; those of configuration in that of what was set, under its key.
  if (resource === "push" || resource === "config" || resource === "*") return null;
  if (id === undefined || id === "*" || id === ">") return null;
  // An underscore may stand for a character of the id that a subject cannot hold; in the ids of dispatches it is one.
  return id.includes("_") && !isDispatchId(id) ? null : shardOf(id, shardCount);
}
