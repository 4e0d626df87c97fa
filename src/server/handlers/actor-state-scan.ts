/** Lists of actors whose state is one document, which the store finds by id alone. */
import type { ActorKind, ActorStateRecord, ActorStateStore } from "../../ports/store/actor-states.ts";
import { cutPage, mismatch, type Page } from "../paging/page-token.ts";

/** Records that one call looks at. */
const SCANNED_MAX = 5000;
const SCAN_BATCH = 500;

/** @param of the record of a row; undefined when the list does not show it. */
export async function scanActorStates<Shown extends { readonly id: string }>(
  actorStates: ActorStateStore,
  { kind, prefix = "" }: { readonly kind: ActorKind; readonly prefix?: string },
  page: Page,
  of: (row: ActorStateRecord) => Shown | undefined,
): Promise<{ readonly shown: readonly Shown[]; readonly nextPageToken: string }> {
  const found: Shown[] = [];
  let after = idCursorOf(page);
  for (let scanned = 0; scanned < SCANNED_MAX; scanned += SCAN_BATCH) {
    const rows = await actorStates.list(kind, { prefix }, after, SCAN_BATCH);
    found.push(...rows.map(of).filter((record) => record !== undefined));
    if (rows.length < SCAN_BATCH || found.length > page.size) return cutPage(found, page, ({ id }) => [id]);
    after = rows.at(-1)?.id ?? after;
  }
  const { shown, nextPageToken } = cutPage(found, page, ({ id }) => [id]);
  return { shown, nextPageToken: nextPageToken === "" ? page.tokenFor([after]) : nextPageToken };
}

/** Where a list by id goes on. @throws BelfryError PAGE_TOKEN_MISMATCH */
export function idCursorOf({ cursor }: Page): string {
  if (cursor === null) return "";
  const [id, ...rest] = cursor;
  if (typeof id !== "string" || rest.length > 0) throw mismatch();
  return id;
}
