/**
 * Every key with what holds for everybody, and then what users have set. The former come from the table of keys and are few; the latter are rows of
 * the store, and may be many. Both are in the order of the ids of their places, by which the list goes on.
 */
import type { MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { isConfigKey } from "../../domain/config/config-key.ts";
import { USER_PREFIX, configId, userPrefix } from "../../domain/config/config-place.ts";
import { configOfState } from "../../domain/config/config-record.ts";
import { ConfigScope } from "../../gen/belfry/v1/config_pb.ts";
import { ListConfigsRequestSchema, type ListConfigsResponseSchema } from "../../gen/belfry/v1/config_service_pb.ts";
import type { ConfigView } from "../../runtime/index.ts";
import { toConfig } from "../mapping/config.ts";
import { cutPage, pageOf, type Page } from "../paging/page-token.ts";
import { idCursorOf, scanActorStates } from "./actor-state-scan.ts";
import type { ServiceEnvironment } from "./environment.ts";
import { requireConfigKey } from "./require-config-key.ts";

type Request = MessageShape<typeof ListConfigsRequestSchema>;

/** In the order of ids; `id` is that of the place. */
type Listed = ConfigView & { readonly id: string };

export async function listConfigs(
  environment: ServiceEnvironment,
  request: Request,
): Promise<MessageInitShape<typeof ListConfigsResponseSchema>> {
  const page = pageOf(ListConfigsRequestSchema, request);
  if (request.key !== "") requireConfigKey(request.key);
  const after = idCursorOf(page);
  const known = (await everyKey(environment, request)).filter(({ id }) => id > after);
  const { shown, nextPageToken } = await withUsers(environment, request, page, known);
  return { configs: shown.map(toConfig), nextPageToken };
}

/** What holds for everybody, or for the user that is asked about. */
async function everyKey({ runtime }: ServiceEnvironment, { scope, userId, key }: Request): Promise<readonly Listed[]> {
  if (scope === ConfigScope.USER || (scope === ConfigScope.GLOBAL && userId !== "")) return [];
  const views = await runtime.configs.all(userId);
  return views
    .filter(({ place }) => key === "" || place.key === key)
    .map((view) => ({ ...view, id: configId(view.place) }));
}

async function withUsers(
  { actorStates }: ServiceEnvironment,
  { scope, userId, key }: Request,
  page: Page,
  known: readonly Listed[],
): Promise<{ readonly shown: readonly Listed[]; readonly nextPageToken: string }> {
  const areWanted = scope === ConfigScope.USER || (scope === ConfigScope.UNSPECIFIED && userId === "");
  const cut = cutPage(known, page, ({ id }) => [id]);
  const last = cut.shown.at(-1);
  if (!areWanted || cut.nextPageToken !== "") return cut;
  // A full page says only that there may be more.
  if (last !== undefined && cut.shown.length === page.size) return { ...cut, nextPageToken: page.tokenFor([last.id]) };
  const rest = { ...page, size: page.size - cut.shown.length, cursor: last === undefined ? page.cursor : [last.id] };
  const prefix = userId === "" ? USER_PREFIX : userPrefix(userId);
  const users = await scanActorStates(actorStates, { kind: "config", prefix }, rest, ({ id, state }) => {
    const record = configOfState(state);
    // Another version of Belfry may have had keys that this one has not.
    if (!isConfigKey(record.key) || (key !== "" && record.key !== key)) return undefined;
    const place = { scope: "USER", userId: record.userId, key: record.key } as const;
    return { id, place, value: record.value, source: "USER" as const, record };
  });
  return { shown: [...cut.shown, ...users.shown], nextPageToken: users.nextPageToken };
}
