/**
 * What 统一待办 is to be sent: whatever happened, the entry as it is now, under the item's own id. So events that come twice, late or not at all end in the
 * same state.
 */
import type { PushFacts } from "../../domain/approval/push-facts.ts";
import type { WorkItem } from "../../domain/approval/session.ts";
import { areSame, believed, statusesAfter } from "../belief.ts";
import type { Operation, PushPlan } from "../../ports/platform/connector.ts";
import { listedAction, presentAction } from "../present-action.ts";
import { listOf, textOf } from "../read-settings.ts";
import type { Settings } from "../../ports/platform/setting.ts";
import { entryOf, handlersOf, sessionStatusOf, statusOf } from "./mapping.ts";

export function plan(facts: PushFacts, settings: Settings): PushPlan {
  const { session } = facts;
  const action = presentAction(facts);
  const listed = listedAction(facts);
  if (session.isQuestionnaire) {
    return skip("Questionnaires are not pushed.");
  }
  if (!listOf(settings, "events").includes(listed)) {
    return skip(
      listed === "remind_task" ? "统一待办 has no call that urges." : `The setting events does not list ${listed}.`,
    );
  }
  const apps = listOf(settings, "myappids");
  if (!apps.includes(session.appId)) {
    const why = apps.length === 0 ? "no application is listed" : `application ${session.appId} is not listed`;
    return skip(`Only applications of myappids are pushed, and ${why}.`);
  }
  if (action === "sess_delete") {
    return deletion(facts, settings);
  }
  if (sessionStatusOf(session, settings) === "") {
    return skip(`Sessions that are ${session.state} are not pushed.`);
  }
  return present(facts, settings);
}

function skip(reason: string): PushPlan {
  return { kind: "skip", reason };
}

function present(facts: PushFacts, settings: Settings): PushPlan {
  const statusNow = (item: WorkItem): string => statusOf(item, facts.session, settings);
  const items = itemsToTell(facts, statusNow);
  if (items.length === 0) {
    return skip(
      facts.session.isStartAndEnd
        ? "The session began and ended at once: nobody has a task."
        : "There is no task that the platform is to be told of.",
    );
  }
  return upserts(items, statusNow, facts, settings);
}

/**
 * The item it is about. Where it is about the session, or the session does not simply go on, also each that the platform knows and does not know to be as
 * it is: the end of a session closes tasks of which no event tells.
 */
function itemsToTell(facts: PushFacts, statusNow: (item: WorkItem) => string): readonly WorkItem[] {
  const { action, session, item, acknowledged } = facts;
  const tellsOthers = action !== "manual" && (session.state !== "RUNNING" || action === "task_resume");
  return allItems(facts).filter((each) => {
    const known = acknowledged.get(thirdIdOf(each));
    if (known === undefined && handlersOf(each).length === 0) {
      return false; // There is nobody to show it to.
    }
    if (item === null && action === "manual") {
      return true;
    }
    const isOutdated =
      known !== undefined && (known.status !== statusNow(each) || !areSame(known.assignees, handlersOf(each)));
    return each.id === item?.id || (isOutdated && (item === null || tellsOthers));
  });
}

/** Oldest first; the one it is about among them, also when they do not have it yet. */
function allItems({ item, items }: PushFacts): readonly WorkItem[] {
  const byId = new Map(items.map((each) => [each.id, each]));
  return [...(item === null ? byId : byId.set(item.id, item)).values()];
}

/** Nothing can be deleted there, so what the platform knows of the session becomes cancelled. */
function deletion(facts: PushFacts, settings: Settings): PushPlan {
  const known = allItems(facts).filter((item) => facts.acknowledged.has(thirdIdOf(item)));
  if (known.length === 0) {
    return skip("The platform has no task of this session.");
  }
  const deleted = textOf(settings, "deletedStatus");
  return upserts(known, () => deleted, facts, settings);
}

function upserts(
  items: readonly WorkItem[],
  statusFor: (item: WorkItem) => string,
  facts: PushFacts,
  settings: Settings,
): PushPlan {
  const operations = items.map((item): Operation => ({
    kind: "upsert",
    thirdId: thirdIdOf(item),
    body: entryOf(item, facts.session, statusFor(item), settings),
    // Entries do not rest on each other.
    onFailure: "go-on",
    acknowledges: believed(thirdIdOf(item), statusFor(item), handlersOf(item)),
  }));
  return {
    kind: "push",
    desired: statusesAfter(operations),
    assignees: [...new Set(items.flatMap(handlersOf))],
    operations,
  };
}

function thirdIdOf({ sessionId, id }: WorkItem): string {
  return `${sessionId}_${id}`;
}
