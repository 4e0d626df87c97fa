/** What an update made another, as its change record shows it (变更记录, R-070): those settings and bounds, and no others. */
import { isDeepStrictEqual } from "node:util";
import type { JsonObject } from "../../domain/json.ts";
import type { PlatformRecord } from "../../domain/platform/platform.ts";
import { MASK } from "../../domain/webhook/masking.ts";
import type { Connector } from "../../ports/platform/connector.ts";
import { shownSettings } from "./account.ts";

/** In the place of a secret that was given instead of another: whether it is the same is not looked at. */
const GIVEN_ANEW = `${MASK} (given anew)`;

interface Shown {
  readonly before: JsonObject;
  readonly after: JsonObject;
}

/** By the names of the record; null: not set. */
export function shownUpdate(
  before: PlatformRecord,
  after: PlatformRecord,
  connectors: ReadonlyMap<string, Connector>,
): Shown {
  const plain = ({ name, connector, standsFor }: PlatformRecord): JsonObject => ({ name, connector, standsFor });
  const own = differing(plain(before), plain(after));
  const settings = shownSettingsOf(before, after, connectors);
  const policy = differing({ ...before.policy } as unknown as JsonObject, { ...after.policy } as unknown as JsonObject);
  const side = (each: keyof Shown): JsonObject => ({
    ...own[each],
    ...(isEmpty(settings) ? {} : { settings: settings[each] }),
    ...(isEmpty(policy) ? {} : { policy: policy[each] }),
  });
  return { before: side("before"), after: side("after") };
}

/** A secret that one of them has not is null there, as any setting. */
function shownSettingsOf(
  before: PlatformRecord,
  after: PlatformRecord,
  connectors: ReadonlyMap<string, Connector>,
): Shown {
  const changed = differing(before.settings, after.settings);
  const was = shownSettings(connectors.get(before.connector), changed.before);
  const is = shownSettings(connectors.get(after.connector), changed.after);
  const told = Object.entries(is).map(([name, value]): readonly [string, JsonObject[string]] => [
    name,
    value === MASK && was[name] === MASK ? GIVEN_ANEW : value,
  ]);
  return { before: was, after: Object.fromEntries(told) };
}

/** The fields that differ, of both. */
function differing(before: JsonObject, after: JsonObject): Shown {
  const names = Object.keys({ ...before, ...after }).filter((name) => !isDeepStrictEqual(before[name], after[name]));
  const of = (side: JsonObject): JsonObject => Object.fromEntries(names.map((name) => [name, side[name] ?? null]));
  return { before: of(before), after: of(after) };
}

function isEmpty({ before }: Shown): boolean {
  return Object.keys(before).length === 0;
}
