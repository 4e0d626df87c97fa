/** Configuration as callers of any node use it: places and values are checked here, changes go to the owner of their shard, reads to the store. */
import { ALL_CONFIG_KEYS, configRule } from "../../domain/config/config-key.ts";
import type { ConfigKey, ConfigValueOf } from "../../domain/config/config-key.ts";
import { USER_PREFIX, configId, readConfigPlace } from "../../domain/config/config-place.ts";
import type { ConfigPlace } from "../../domain/config/config-place.ts";
import { CHANGES_KEPT, changesPrefix, configChangeOfState, configOfState } from "../../domain/config/config-record.ts";
import type { ConfigRecord } from "../../domain/config/config-record.ts";
import { readConfigValue } from "../../domain/config/config-value.ts";
import { resolveConfig } from "../../domain/config/resolve.ts";
import type { ConfigEnvironment, ResolvedConfig } from "../../domain/config/resolve.ts";
import { invalid } from "../../domain/error.ts";
import type { ActorStateStore } from "../../ports/store/actor-states.ts";
import { Reader } from "../reader.ts";
import type { ConfigView, Configs, GivenPlace } from "./api.ts";
import type { ConfigCommands } from "./config-commands.ts";

interface ConfigsDeps {
  readonly store: ActorStateStore;
  readonly environment: ConfigEnvironment;
  /** Routed to the owners. */
  readonly commands: ConfigCommands;
  readonly listeners: Set<(changed: ConfigPlace) => void>;
}

const PAGE = 500;

export function configs({ store, environment, commands, listeners }: ConfigsDeps): Configs {
  const reader = new Reader<ConfigRecord>(
    async (ids) => new Map((await store.load("config", ids)).map(({ id, state }) => [id, configOfState(state)])),
  );

  /** What is set at a place and, with a user's, for everybody. */
  async function recordsAt(place: ConfigPlace): Promise<{
    readonly own: ConfigRecord | null;
    readonly everybodys: ConfigRecord | null;
  }> {
    const [own, everybodys] = await Promise.all([place, globally(place.key)].map((each) => reader.get(configId(each))));
    return { own: own ?? null, everybodys: everybodys ?? null };
  }

  async function viewOf(place: ConfigPlace): Promise<ConfigView> {
    const { own, everybodys } = await recordsAt(place);
    return { place, record: own, ...resolved(place, own, everybodys) };
  }

  function resolved<Key extends ConfigKey>(
    { scope, key }: ConfigPlace & { readonly key: Key },
    own: ConfigRecord | null,
    everybodys: ConfigRecord | null,
  ): ResolvedConfig<Key> {
    return resolveConfig(key, {
      user: scope === "USER" ? own?.value : undefined,
      global: everybodys?.value,
      environment: environment[key],
    });
  }

  return {
    get: async (given) => {
      const place = placeOf(given, false);
      const [view, changes] = await Promise.all([
        viewOf(place),
        store.list("config_change", { prefix: changesPrefix(place) }, "", CHANGES_KEPT),
      ]);
      return { ...view, changes: changes.map(({ state }) => configChangeOfState(state)) };
    },
    set: async (given, command) => {
      const place = placeOf(given, true);
      const reading = readConfigValue(place.key, command.value);
      if (reading.kind === "wrong") {
        throw invalid({ field: "value", description: reading.description });
      }
      const { value } = reading;
      const record = await commands.change(configId(place), { ...command, place, value });
      return { place, record, value, source: place.scope };
    },
    unset: async (given, command) => {
      // Also where no user may have their own any more.
      const place = placeOf(given, false);
      await commands.change(configId(place), { ...command, place, value: null });
      return viewOf(place);
    },
    all: (userId) => Promise.all(ALL_CONFIG_KEYS.map((key) => viewOf(placeFor(key, userId)))),
    resolve: async <Key extends ConfigKey>(key: Key, userId = "") => {
      const place = placeFor(key, userId);
      const { own, everybodys } = await recordsAt(place);
      return resolved(place, own, everybodys);
    },
    values: async <Key extends ConfigKey>(key: Key) => {
      const everybodys = await reader.get(configId(globally(key)));
      const users = new Map<string, ConfigValueOf<Key>>();
      for (let after = ""; configRule(key).forUsers;) {
        const rows = await store.list("config", { prefix: USER_PREFIX }, after, PAGE);
        for (const own of rows.map(({ state }) => configOfState(state)).filter((record) => record.key === key)) {
          users.set(own.userId, resolved(placeFor(key, own.userId), own, everybodys).value);
        }
        const last = rows.at(-1);
        if (last === undefined || rows.length < PAGE) {
          break;
        }
        after = last.id;
      }
      return { everybody: resolved(globally(key), everybodys, everybodys).value, users };
    },
    onChange: (listener) => {
      listeners.add(listener);
      return { unsubscribe: () => void listeners.delete(listener) };
    },
  };
}

/** @throws BelfryError INVALID_FIELD */
function placeOf(given: GivenPlace, change: boolean): ConfigPlace {
  const reading = readConfigPlace(given, change);
  if (reading.kind === "wrong") {
    throw invalid(...reading.violations);
  }
  return reading.place;
}

/** Where what holds for a user is set; for nobody in particular, what holds for everybody. */
function placeFor<Key extends ConfigKey>(key: Key, userId: string): ConfigPlace & { readonly key: Key } {
  return userId === "" ? globally(key) : { scope: "USER", userId, key };
}

function globally<Key extends ConfigKey>(key: Key): ConfigPlace & { readonly key: Key } {
  return { scope: "GLOBAL", userId: "", key };
}
