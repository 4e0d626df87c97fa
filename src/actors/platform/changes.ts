/** What an UPDATE really changes. */
import type { Json } from "../../domain/json.ts";
import type { PlatformRecord } from "../../domain/platform/platform.ts";
import type { PlatformChange } from "./events.ts";

/** What is not as it was, of what the change names. */
export function changedOf(record: PlatformRecord, change: PlatformChange): PlatformChange {
  return Object.fromEntries(
    Object.entries(change).filter(
      ([field, value]) => value !== undefined && !isSame(record[field as keyof PlatformChange], value),
    ),
  );
}

/** Whether a token for the one is a token for the other. */
export function haveSameCredentials(
  one: Pick<PlatformRecord, "connector" | "settings">,
  other: Pick<PlatformRecord, "connector" | "settings">,
): boolean {
  return one.connector === other.connector && isSame(one.settings, other.settings);
}

type Comparable = Json | PlatformRecord["policy"];

/** The order of fields means nothing: a database keeps its own. */
function isSame(one: Comparable, other: Comparable): boolean {
  return one === other || canonical(one) === canonical(other);
}

function canonical(value: Comparable): string {
  return JSON.stringify(value, (_, part: Json) =>
    part !== null && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
