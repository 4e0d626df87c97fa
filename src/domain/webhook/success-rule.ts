import type { Json } from "../json.ts";
import type { Violation } from "../violation.ts";

/** A rule of what a receiver must say in its JSON body for a 2xx to count: `{ path: "errcode", equals: 0 }`. */
export interface SuccessRule {
  /** Names joined by dots, of nested objects; digits are places in lists. */
  readonly path: string;
  readonly equals: Json;
}

export interface BrokenRule {
  readonly rule: SuccessRule;
  /** What stands there; undefined: nothing, or the body is no JSON. */
  readonly found: Json | undefined;
}

const MAX_SUCCESS_RULES = 16;
const MAX_PATH = 256;
const MAX_STEPS = 16;
const MAX_EQUALS = 1024;
/** In UTF-16 units. A longer body breaks every rule unread: what was kept of it is likely a part. */
const MAX_BODY = 64 * 1024;

/** The first of the rules that the body of a response does not keep; null: it keeps all. */
export function brokenRule(rules: readonly SuccessRule[], body: string): BrokenRule | null {
  if (rules.length === 0) return null;
  const said = parsed(body);
  for (const rule of rules) {
    const found = at(said, rule.path);
    if (found === undefined || !equal(found, rule.equals)) return { rule, found };
  }
  return null;
}

/** Rules that success rules break. Fields are relative to the list: `[0].path`. */
export function successRuleViolations(rules: readonly SuccessRule[]): readonly Violation[] {
  const found: Violation[] = [];
  if (rules.length > MAX_SUCCESS_RULES) found.push({ field: "", description: `must be at most ${MAX_SUCCESS_RULES}` });
  for (const [index, { path, equals }] of rules.entries()) {
    const steps = path.split(".");
    if (path.length > MAX_PATH || steps.length > MAX_STEPS || steps.includes("")) {
      const description = `must be 1 to ${MAX_STEPS} names joined by dots, such as errcode or result.code; at most ${MAX_PATH} characters`;
      found.push({ field: `[${index}].path`, description });
    }
    if (JSON.stringify(equals).length > MAX_EQUALS) {
      found.push({ field: `[${index}].equals`, description: `must have at most ${MAX_EQUALS} characters as JSON` });
    }
  }
  return found;
}

function parsed(body: string): Json | undefined {
  if (body.length > MAX_BODY) return undefined;
  try {
    return JSON.parse(body) as Json;
  } catch {
    return undefined;
  }
}

function at(said: Json | undefined, path: string): Json | undefined {
  let here = said;
  for (const step of path.split(".")) {
    if (typeof here !== "object" || here === null) return undefined;
    if (isList(here)) here = /^\d{1,9}$/u.test(step) ? here[Number(step)] : undefined;
    // Nothing that an object has without the receiver having said it.
    else here = Object.hasOwn(here, step) ? here[step] : undefined;
  }
  return here;
}

/** Whether they are the same data. It goes no deeper than `wanted`, however deep the receiver's data is. */
function equal(found: Json, wanted: Json): boolean {
  if (typeof wanted !== "object" || wanted === null) return found === wanted;
  if (typeof found !== "object" || found === null) return false;
  if (isList(wanted)) {
    return (
      isList(found) &&
      found.length === wanted.length &&
      wanted.every((item, index) => equal(found[index] ?? null, item))
    );
  }
  if (isList(found)) return false;
  const names = Object.keys(wanted);
  return (
    Object.keys(found).length === names.length &&
    names.every((name) => Object.hasOwn(found, name) && equal(found[name] ?? null, wanted[name] ?? null))
  );
}

/** `Array.isArray` does not see through `readonly`. */
function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
