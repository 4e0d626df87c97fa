/** Where a value of a key can be set: for everybody, or for one user; and the ids of the documents that keep it. */
import type { Violation } from "../violation.ts";
import { ALL_CONFIG_KEYS, configRule, isConfigKey } from "./config-key.ts";
import type { ConfigKey } from "./config-key.ts";

export type ConfigScope = "GLOBAL" | "USER";

export interface ConfigPlace {
  readonly scope: ConfigScope;
  /** Empty in the global scope. */
  readonly userId: string;
  readonly key: ConfigKey;
}

/** Ids of what users have set begin so; with the user behind it, those of one. */
export const USER_PREFIX = "user/";

/** `global/retention_days`, `user/u1/retention_days`. A slash in a user's id is escaped, so that no id begins with that of another. */
export function configId({ scope, userId, key }: ConfigPlace): string {
  return scope === "GLOBAL" ? `global/${key}` : `${userPrefix(userId)}${key}`;
}

/** With what the ids of a user's values begin. */
export function userPrefix(userId: string): string {
  return `${USER_PREFIX}${userId.replaceAll("%", "%25").replaceAll("/", "%2F")}/`;
}

/**
 * The place that a caller means, or what is wrong with it: fields are `scope`, `userId` and `key`.
 * @param change whether something is to be set or unset there.
 */
export function readConfigPlace(
  { scope, userId, key }: { readonly scope: ConfigScope; readonly userId: string; readonly key: string },
  change: boolean,
):
  | { readonly kind: "place"; readonly place: ConfigPlace }
  | { readonly kind: "wrong"; readonly violations: readonly Violation[] } {
  const violations: Violation[] = [];
  if (scope === "USER" && userId === "") {
    violations.push({ field: "userId", description: "is required: it says whose value is meant" });
  }
  if (scope === "GLOBAL" && userId !== "") {
    violations.push({ field: "userId", description: "must be empty: a global value is nobody's own" });
  }
  const known = readConfigKey(key);
  if (known.kind === "wrong") {
    violations.push(known.violation);
  } else if (change && scope === "USER" && !configRule(known.key).forUsers) {
    violations.push({ field: "scope", description: `must be GLOBAL: no user has a ${known.key} of their own` });
  }
  return known.kind === "key" && violations.length === 0
    ? { kind: "place", place: { scope, userId, key: known.key } }
    : { kind: "wrong", violations };
}

export function readConfigKey(
  text: string,
): { readonly kind: "key"; readonly key: ConfigKey } | { readonly kind: "wrong"; readonly violation: Violation } {
  if (isConfigKey(text)) {
    return { kind: "key", key: text };
  }
  const description = `is none that there is; there are ${ALL_CONFIG_KEYS.join(", ")}`;
  return { kind: "wrong", violation: { field: "key", description } };
}
