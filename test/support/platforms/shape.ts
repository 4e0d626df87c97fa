/** What a body must look like on the wire: every field named, its type, and none that the platform does not have. */

/** @returns what is wrong with it, a sentence each. */
export type Check = (value: unknown, at: string) => readonly string[];
export type Fields = Readonly<Record<string, Check>>;

const FINE: readonly string[] = [];

/** Any text, the empty one too. */
export const text: Check = (value, at) => (typeof value === "string" ? FINE : wrong(at, "a text", value));

/** Text that says something. */
export const word: Check = (value, at) =>
  typeof value === "string" && value.trim() !== "" ? FINE : wrong(at, "a text that is not empty", value);

/** A number, not a text with digits. */
export const integer: Check = (value, at) => (Number.isSafeInteger(value) ? FINE : wrong(at, "a whole number", value));

export const bool: Check = (value, at) => (typeof value === "boolean" ? FINE : wrong(at, "true or false", value));

/** `2026-01-02 03:04:05`, a time that exists. */
export const dateTime: Check = (value, at) => {
  const parts = typeof value === "string" ? /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)$/.exec(value) : null;
  const parsed = parts ? new Date(`${parts[1]}T${parts[2]}.000Z`) : null;
  return parsed && !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(`${parts?.[1]}T${parts?.[2]}`)
    ? FINE
    : wrong(at, "a time like 2026-01-02 03:04:05", value);
};

/** An http or https URL; empty where there is nothing to see. */
export const link: Check = (value, at) => {
  if (value === "") return FINE;
  const url = typeof value === "string" ? URL.parse(value) : null;
  return url && ["http:", "https:"].includes(url.protocol) ? FINE : wrong(at, "an http(s) URL, or empty", value);
};

export function oneOf(...values: readonly (string | number)[]): Check {
  return (value, at) =>
    values.some((each) => each === value)
      ? FINE
      : wrong(at, values.map((each) => JSON.stringify(each)).join(" or "), value);
}

export function orNull(check: Check): Check {
  return (value, at) => (value === null ? FINE : check(value, at));
}

export function orEmpty(check: Check): Check {
  return (value, at) => (value === "" ? FINE : check(value, at));
}

export function listOf(check: Check, { min = 0, max = Infinity }: { min?: number; max?: number } = {}): Check {
  return (value, at) => {
    if (!Array.isArray(value)) return wrong(at, "a list", value);
    const findings = value.flatMap((each, index) => check(each, `${at}[${index}]`));
    if (value.length < min) findings.push(`${at} needs ${min} or more, has ${value.length}`);
    if (value.length > max) findings.push(`${at} may have ${max}, has ${value.length}`);
    return findings;
  };
}

/** An object with all of the required fields, any of the optional ones, and no others. */
export function shape(required: Fields, optional: Fields = {}): Check {
  const known: Fields = { ...required, ...optional };
  const spellings = new Map(Object.keys(known).map((name) => [name.toLowerCase(), name]));
  return (value, at) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return wrong(at, "an object", value);
    const findings: string[] = [];
    const where = (name: string): string => (at === "" ? name : `${at}.${name}`);
    for (const name of Object.keys(required)) {
      if (!Object.hasOwn(value, name)) findings.push(`${where(name)} is missing`);
    }
    for (const [name, each] of Object.entries(value)) {
      const check = Object.hasOwn(known, name) ? known[name] : undefined;
      if (check) {
        findings.push(...check(each, where(name)));
        continue;
      }
      const meant = spellings.get(name.toLowerCase());
      findings.push(`${where(name)} is not a field of it${meant === undefined ? "" : `; it is spelled ${meant}`}`);
    }
    return findings;
  };
}

function wrong(at: string, wanted: string, value: unknown): readonly string[] {
  return [`${at === "" ? "it" : at} must be ${wanted}, is ${value === undefined ? "missing" : JSON.stringify(value)}`];
}
