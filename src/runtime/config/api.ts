/** Configuration as callers of any node see it. */
import type { ConfigValue } from "../../domain/config/config-key.ts";
import type { ConfigPlace, ConfigScope } from "../../domain/config/config-place.ts";
import type { ConfigChange, ConfigRecord } from "../../domain/config/config-record.ts";
import type { ConfigSource } from "../../domain/config/resolve.ts";
import type { Json } from "../../domain/json.ts";
import type { ConfigReader } from "../../ports/config-reader.ts";

/** What holds at a place, and what is set there. */
export interface ConfigView {
  readonly place: ConfigPlace;
  readonly value: ConfigValue;
  readonly source: ConfigSource;
  /** Null: nothing is set there. */
  readonly record: ConfigRecord | null;
}

/** A place as a caller names it: unchecked. */
export interface GivenPlace {
  readonly scope: ConfigScope;
  readonly userId: string;
  readonly key: string;
}

/** Who asks for a change, and under which conditions. */
export interface ConfigCommand {
  readonly etag?: string;
  readonly changedBy: string;
  readonly reason?: string;
  readonly requestId?: string;
}

/** Wrong places and values are refused with INVALID_FIELD, whose fields are `scope`, `userId`, `key` and `value`. */
export interface Configs extends ConfigReader {
  /** With the last changes of the place, newest first. */
  get(place: GivenPlace): Promise<ConfigView & { readonly changes: readonly ConfigChange[] }>;
  /** @throws BelfryError INVALID_FIELD, ETAG_MISMATCH */
  set(place: GivenPlace, command: ConfigCommand & { readonly value: Json }): Promise<ConfigView>;
  /** What holds after it. @throws BelfryError INVALID_FIELD, ETAG_MISMATCH */
  unset(place: GivenPlace, command: ConfigCommand): Promise<ConfigView>;
  /** Every key, by name: what holds for a user, or with an empty id for everybody. */
  all(userId: string): Promise<readonly ConfigView[]>;
}
