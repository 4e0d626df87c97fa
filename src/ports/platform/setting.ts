/** Settings of a platform, described so that a form renders itself. */
import type { Json, JsonObject } from "../../domain/json.ts";

/** How a form asks for it. MAP: text to text. TIME_ZONE: an IANA name. */
export type SettingForm = "TEXT" | "PASSWORD" | "NUMBER" | "SWITCH" | "SELECT" | "LIST" | "MAP" | "TIME_ZONE";

export interface SettingOption {
  readonly value: string;
  /** For people, Chinese first. */
  readonly title: string;
}

export interface SettingSpec {
  /** As in `settings`: camelCase. */
  readonly name: string;
  /** For people, Chinese first. */
  readonly title: string;
  readonly form: SettingForm;
  /** Of TEXT: an http or https address without a query. */
  readonly isUrl?: true;
  readonly required: boolean;
  /** Kept sealed, shown masked. */
  readonly secret: boolean;
  /** What stands when nothing is given; null: nothing. */
  readonly default: Json;
  /** Of SELECT, what there is to choose from; of LIST, what may stand in it; of MAP, what may have an entry. Left out: anything. */
  readonly options?: readonly SettingOption[];
  /** What it does, with its unit. */
  readonly help: string;
}

/** Values by name, defaults filled in and checked; secrets opened. */
export type Settings = JsonObject;
