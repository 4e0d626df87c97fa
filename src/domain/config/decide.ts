import type { Announcement } from "../event/status-event.ts";
import type { ConfigValue } from "./config-key.ts";
import type { ConfigPlace } from "./config-place.ts";
import type { ConfigChange, ConfigRecord } from "./config-record.ts";

/** What is known of a place before it changes. */
export interface KnownConfig {
  /** Null: nothing is set there. */
  readonly record: ConfigRecord | null;
  /** The newest change; null: there never was one. */
  readonly lastChange: ConfigChange | null;
}

export interface AskedConfig {
  readonly place: ConfigPlace;
  /** Null: nothing shall be set there any more. Checked. */
  readonly value: ConfigValue | null;
  /** Left out: whatever it is now. Empty: of a place where nothing is set. */
  readonly etag?: string;
  readonly changedBy: string;
  readonly reason: string;
  readonly at: number;
}

export type ConfigDecision =
  /** It is as asked already; that is no change. */
  | { readonly kind: "unchanged" }
  | { readonly kind: "stale"; readonly etag: string }
  | {
      readonly kind: "changed";
      readonly record: ConfigRecord | null;
      readonly change: ConfigChange;
      readonly announcement: Announcement;
    };

export function decideConfig({ record, lastChange }: KnownConfig, asked: AskedConfig): ConfigDecision {
  const { place, value, etag, changedBy, reason } = asked;
  const current = etagOfConfig(record);
  if (etag !== undefined && etag !== current) {
    return { kind: "stale", etag: current };
  }
  const before = record?.value ?? null;
  if (value === before) {
    return { kind: "unchanged" };
  }
  const revision = Math.max(record?.revision ?? 0, lastChange?.revision ?? 0) + 1;
  // A clock that was set back does not turn the history round.
  const at = Math.max(asked.at, record?.updatedAt ?? 0, lastChange?.at ?? 0);
  const { scope, userId, key } = place;
  return {
    kind: "changed",
    record:
      value === null
        ? null
        : {
            scope,
            userId,
            key,
            value,
            revision,
            createdAt: record?.createdAt ?? at,
            updatedAt: at,
            updatedBy: changedBy,
          },
    change: { scope, userId, key, revision, before, after: value, changedBy, reason, at },
    announcement: {
      resource: "config",
      resourceId: key,
      name: "changed",
      at,
      data: { scope, userId, before, value, changedBy },
    },
  };
}

/** Empty: nothing is set. */
export function etagOfConfig(record: ConfigRecord | null): string {
  return record === null ? "" : String(record.revision);
}
