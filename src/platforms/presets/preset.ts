/** A preset is a connector under another name with other defaults; every one of them can still be set. */
import type { Json } from "../../domain/json.ts";
import type { Connector } from "../../ports/platform/connector.ts";
import { readerOf } from "../read-settings.ts";

export interface Preset {
  readonly name: string;
  /** For people, Chinese first. */
  readonly title: string;
  readonly environments: readonly string[];
  readonly base: Connector;
  /** By the name of a setting of the base. */
  readonly defaults: Readonly<Record<string, Json>>;
}

/** @throws Error when a default is for a setting that the base does not have. */
export function presetOf({ name, title, environments, base, defaults }: Preset): Connector {
  const settings = base.settings.map((spec) => {
    const own = defaults[spec.name];
    return own === undefined ? spec : { ...spec, default: own };
  });
  const unknown = Object.keys(defaults).filter((each) => base.settings.every((spec) => spec.name !== each));
  if (unknown.length > 0) {
    throw new Error(
      `The preset ${name} has defaults for settings that ${base.name} does not have: ${unknown.join(", ")}`,
    );
  }
  const readOwn = readerOf(settings);
  const read: Connector["read"] = (given) => {
    const own = readOwn(given);
    // Full of its own defaults they are what the base has to say the rest of.
    return own.violations.length > 0 ? own : base.read(own.settings);
  };
  return { ...base, name, title, environments, settings, read };
}
