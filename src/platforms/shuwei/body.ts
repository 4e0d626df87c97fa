/** Parts of bodies that V1 and V2 share. Fields without a value are left out. */
import type { Session, WorkItem } from "../../domain/approval/session.ts";
import type { Json, JsonObject } from "../../domain/json.ts";
import { localTime } from "../local-time.ts";
import { textOf } from "../read-settings.ts";
import type { Settings } from "../../ports/platform/setting.ts";
import { lastEntryOf } from "./people.ts";
import type { Completion } from "./version.ts";

/** The platform shows no more. */
const MAX_SUMMARY = 5;

/** Without the fields that are empty: "" or no entries. */
export function filled(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => !isEmpty(value)));
}

function isEmpty(value: Json): boolean {
  return value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

export interface Addresses {
  readonly view: string;
  readonly handle: string;
  readonly mobileView: string;
  readonly mobileHandle: string;
}

/** What was done is seen as the session is, unless the item has a view of its own. */
export function addressesOf(session: Session, item: WorkItem): Addresses {
  return {
    view: item.view.pc === "" ? session.view.pc : item.view.pc,
    handle: item.todo.pc,
    mobileView: item.view.h5 === "" ? session.view.h5 : item.view.h5,
    mobileHandle: item.todo.h5,
  };
}

/** `label|value`, at most five. */
export function summaryOf({ summary }: Session): readonly string[] {
  return summary.slice(0, MAX_SUMMARY).map(({ label, value }) => `${undivided(label)}|${undivided(value)}`);
}

/** The bar divides; within a text it is written wide. */
function undivided(text: string): string {
  return text.replaceAll("|", "｜");
}

/** What was said, and when it was done. */
export function handlingOf({ facts, item }: Completion, settings: Settings): JsonObject {
  const entry = lastEntryOf(item, facts);
  const at = item.finishedAt ?? entry?.at ?? null;
  return filled({
    handleOpinions: item.opinion === "" ? (entry?.opinion ?? "") : item.opinion,
    handleTime: at === null ? "" : localTime(at, textOf(settings, "timeZone")),
  });
}
