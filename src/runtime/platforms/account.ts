/** A platform's settings with their secrets: sealed in the record, opened where they are used, masked where they are shown. */
import { BelfryError } from "../../domain/error.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { PlatformRecord } from "../../domain/platform/platform.ts";
import { MASK } from "../../domain/webhook/masking.ts";
import type { Connector, SettingsRead } from "../../ports/platform/connector.ts";
import type { Settings } from "../../ports/platform/setting.ts";
import type { SecretBox } from "../../ports/secret-box.ts";
import { isSealed } from "../../ports/secret-box.ts";

/** What pushes are made with. */
export interface Account {
  readonly connector: Connector;
  readonly settings: Settings;
  /** To be masked wherever they stand. */
  readonly secrets: readonly string[];
  /** Of which record it was made: secrets are sealed. */
  readonly madeOf: Pick<PlatformRecord, "connector" | "settings">;
}

export class Accounts {
  readonly #connectors: ReadonlyMap<string, Connector>;
  readonly #box: SecretBox;
  /** By the settings of a record, which are another object when they change. */
  readonly #open = new WeakMap<JsonObject, Account>();

  constructor(connectors: ReadonlyMap<string, Connector>, box: SecretBox) {
    this.#connectors = connectors;
    this.#box = box;
  }

  /** @throws BelfryError SECRET_UNREADABLE, INVALID_FIELD when the connector is not known or the settings are not what it takes (any more) */
  of({ connector: name, settings }: Pick<PlatformRecord, "connector" | "settings">): Account {
    const known = this.#open.get(settings);
    if (known?.connector.name === name) {
      return known;
    }
    const connector = this.#connectors.get(name);
    if (connector === undefined) {
      throw new BelfryError("INTERNAL", `This version of Belfry has no connector "${name}".`);
    }
    const opened = openSecrets(connector, settings, this.#box);
    const { settings: read, violations } = connector.read(opened);
    if (violations.length > 0) {
      throw new BelfryError("INVALID_FIELD", "The settings of the platform are not what its connector takes.", {
        violations,
      });
    }
    const secrets = namesOfSecrets(connector).flatMap((secret) => textOf(opened[secret]));
    const account = { connector, settings: read, secrets, madeOf: { connector: name, settings } };
    this.#open.set(settings, account);
    return account;
  }

  /** Checks settings as they were given, those that are masked or sealed being those of before. */
  check(connector: Connector, settings: JsonObject): SettingsRead["violations"] {
    return connector.read(openSecrets(connector, settings, this.#box)).violations;
  }
}

function namesOfSecrets({ settings }: Connector): readonly string[] {
  return settings.filter(({ secret }) => secret).map(({ name }) => name);
}

function openSecrets(connector: Connector, settings: JsonObject, box: SecretBox): JsonObject {
  const secrets = new Set(namesOfSecrets(connector));
  return mapped(settings, (name, value) =>
    secrets.has(name) && typeof value === "string" && isSealed(value) ? box.open(value) : value,
  );
}

/** Before anything else gets them. What is sealed already stays. @throws BelfryError SECRET_KEY_MISSING */
export function sealSecrets(connector: Connector, settings: JsonObject, box: SecretBox): JsonObject {
  const secrets = new Set(namesOfSecrets(connector));
  return mapped(settings, (name, value) =>
    secrets.has(name) && typeof value === "string" && value !== "" && !isSealed(value) ? box.seal(value) : value,
  );
}

/** Settings with those of a change: null takes one away, a masked secret stays as it was. */
export function changedSettings(before: JsonObject, change: JsonObject): JsonObject {
  const kept = Object.entries({ ...before, ...change }).flatMap(([name, value]) => {
    const stays = value === MASK ? before[name] : value;
    return stays === null || stays === undefined ? [] : [[name, stays] as const];
  });
  return Object.fromEntries(kept);
}

/** For people: secrets are masked. */
export function shownSettings(connector: Connector | undefined, settings: JsonObject): JsonObject {
  const secrets = new Set(connector === undefined ? [] : namesOfSecrets(connector));
  return mapped(settings, (name, value) =>
    (secrets.has(name) || (typeof value === "string" && isSealed(value))) && value !== null && value !== ""
      ? MASK
      : value,
  );
}

function mapped(
  settings: JsonObject,
  map: (name: string, value: JsonObject[string]) => JsonObject[string],
): JsonObject {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, map(name, value)]));
}

function textOf(value: JsonObject[string] | undefined): readonly string[] {
  return typeof value === "string" && value !== "" ? [value] : [];
}
