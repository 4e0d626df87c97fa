/**
 * What is sent for the facts as they stand. Every action comes down to the same upsert of an instance with one of its tasks, so the same push twice, or
 * a late one, leaves the platform as it is.
 *
 * The platform is told of a task under one third id for all who have it. One who has it no more is told so under an id of his own, before the others
 * are told of theirs: a platform that keeps one line a task ends with those who have it now, one that keeps a line a person takes it from him. Who he
 * is follows from who was told to have it, so that a hand-over of which no event came is made up for.
 * The instance's status has the session's third id. Each upsert carries it; it has one of its own only where there is no task to tell of.
 */
import type { Belief, PushFacts } from "../../domain/approval/push-facts.ts";
import { isOpen, type WorkItem } from "../../domain/approval/session.ts";
import { areSame, believed, forgotten, statusesAfter } from "../belief.ts";
import type { Operation, PushPlan } from "../../ports/platform/connector.ts";
import { isOn, listOf, textOf } from "../read-settings.ts";
import type { Settings } from "../../ports/platform/setting.ts";
import { type TaskTold, upsertBody, wireId } from "./body.ts";
import { formerHoldersOf, stillShownApart } from "./former-holders.ts";
import { doneStatus, goesOn, holdersOf, instStatusOf, shownItem, taskStatusOf, withdrawn } from "./statuses.ts";
import { formerHolderThirdId, formerHolderThirdIds, itemThirdId, sessionThirdId } from "./third-ids.ts";
import { isDeletion, isWantedByHand, toldAction, whyNothing } from "./wanted.ts";

export function planPush(facts: PushFacts, settings: Settings): PushPlan {
  const reason = whyNothing(facts, settings);
  if (reason !== null) {
    return { kind: "skip", reason };
  }
  if (!isDeletion(toldAction(facts, settings), settings)) {
    return planUpserts(facts, toldItems(facts, settings), instStatusOf(facts.session, settings) ?? "", settings);
  }
  const items = allItems(facts);
  return textOf(settings, "deletePath") === ""
    ? planUpserts(facts, items.map(withdrawn), textOf(settings, "deletedStatus"), settings)
    : planDeletion(facts, items, settings);
}

function planUpserts(facts: PushFacts, items: readonly WorkItem[], instStatus: string, settings: Settings): PushPlan {
  const { session } = facts;
  const tasks = items.flatMap((item) => taskTold(facts, item, settings));
  const operations = tasks.flatMap((task) => [
    ...released(facts, task, instStatus, settings),
    upsert(facts, task, instStatus, settings),
  ]);
  if (operations.length === 0) {
    const carrier = knownTask(facts, settings);
    if (carrier === null && !isOn(settings, "pushWithoutTask")) {
      return {
        kind: "skip",
        reason: "The platform has no task of the session, and the setting pushWithoutTask is off.",
      };
    }
    operations.push({
      kind: "upsert_instance",
      thirdId: sessionThirdId(session),
      body: upsertBody({ session, instStatus, task: carrier, sendsMessage: false }, settings),
      onFailure: "go-on",
      acknowledges: believed(sessionThirdId(session), instStatus, []),
    });
  }
  return pushOf(operations, [...new Set(tasks.flatMap(({ item }) => holdersOf(item)))]);
}

function upsert(facts: PushFacts, task: TaskTold, instStatus: string, settings: Settings): Operation {
  const { session } = facts;
  const { item, status } = task;
  const thirdId = itemThirdId(session, item);
  return {
    kind: "upsert",
    thirdId,
    body: upsertBody({ session, instStatus, task, sendsMessage: sendsMessage(facts, item, settings) }, settings),
    onFailure: "go-on",
    acknowledges: new Map<string, Belief | null>([
      [thirdId, { status, assignees: holdersOf(item) }],
      [sessionThirdId(session), { status: instStatus, assignees: [] }],
      // Who had it once and has it again is no former holder any more.
      ...forgotten(...stillShownApart(facts, item, holdersOf(item))),
    ]),
  };
}

/** every task one by one, then the instance, which stays when one of them does. */
function planDeletion({ session, acknowledged }: PushFacts, items: readonly WorkItem[], settings: Settings): PushPlan {
  const instId = wireId(session.id, settings);
  const tasks = items.map((item): Operation => ({
    kind: "delete_task",
    thirdId: itemThirdId(session, item),
    body: { taskId: wireId(item.id, settings), instId },
    onFailure: "stop",
    acknowledges: forgotten(
      itemThirdId(session, item),
      ...formerHolderThirdIds(session, item, items, [...acknowledged.keys()]),
    ),
  }));
  const instance: Operation = {
    kind: "delete_instance",
    thirdId: sessionThirdId(session),
    body: { instId },
    onFailure: "stop",
    acknowledges: forgotten(sessionThirdId(session)),
  };
  return pushOf([...tasks, instance], []);
}

function pushOf(operations: readonly Operation[], assignees: readonly string[]): PushPlan {
  return { kind: "push", desired: statusesAfter(operations), assignees, operations };
}

/** The items to tell of: what was asked for, and what the platform still shows as it was before the session ended. */
function toldItems(facts: PushFacts, settings: Settings): readonly WorkItem[] {
  const { action, session, item } = facts;
  const differs = (each: WorkItem): boolean => {
    const known = facts.acknowledged.get(itemThirdId(session, each));
    if (known === undefined) {
      return item === null;
    }
    return taskTold(facts, each, settings).some(
      (told) => told.status !== known.status || !areSame(holdersOf(each), known.assignees),
    );
  };
  return allItems(facts).filter((each) => {
    if (action === "remind_task") {
      return isOpen(each.state) && isAskedFor(facts, each);
    }
    if (action === "manual" && !isWantedByHand(facts, each, settings)) {
      return false;
    }
    if (item === null) {
      return action === "manual" || differs(each);
    }
    return each.id === item.id || (!goesOn(session) && differs(each));
  });
}

/** Those who had the task and have it no more; for them it is done. */
function released(facts: PushFacts, task: TaskTold, instStatus: string, settings: Settings): readonly Operation[] {
  const { session, log } = facts;
  const { item } = task;
  const status = doneStatus(settings);
  if (status === null) {
    return [];
  }
  return formerHoldersOf(facts, item, task.users, status).map((number) => {
    const lastDeed = log.findLast(({ workItemId, actor }) => workItemId === item.id && actor.number === number);
    const told = { item: withdrawn(item), status, users: [number], finishedAt: lastDeed?.at ?? null };
    const thirdId = formerHolderThirdId(session, item, number);
    return {
      kind: "release",
      thirdId,
      body: upsertBody({ session, instStatus, task: told, sendsMessage: false }, settings),
      onFailure: "go-on",
      acknowledges: believed(thirdId, status, [number]),
    };
  });
}

/** None when the platform has no word for it, or nobody has it and nobody is shown to have it. */
function taskTold(facts: PushFacts, item: WorkItem, settings: Settings): readonly TaskTold[] {
  const { session, acknowledged } = facts;
  const holders = holdersOf(item);
  // A task needs somebody: what is nobody's any more is done for those who had it.
  const users = holders.length > 0 ? holders : (acknowledged.get(itemThirdId(session, item))?.assignees ?? []);
  const shown = holders.length > 0 ? shownItem(item, session, settings) : withdrawn(item);
  const status = taskStatusOf(shown, session, settings);
  const finishedAt = isOpen(shown.state) ? null : (item.finishedAt ?? session.finishedAt);
  return status === null || users.length === 0 ? [] : [{ item: shown, status, users, finishedAt }];
}

/** The newest task that the platform has anyway: an instance is told of together with a task where there is one. */
function knownTask(facts: PushFacts, settings: Settings): TaskTold | null {
  const { session, acknowledged } = facts;
  const known = allItems(facts).filter((item) => acknowledged.has(itemThirdId(session, item)));
  return known.flatMap((item) => taskTold(facts, item, settings)).at(-1) ?? null;
}

function sendsMessage(facts: PushFacts, item: WorkItem, settings: Settings): boolean {
  return isAskedFor(facts, item) && listOf(settings, "messageEvents").includes(toldAction(facts, settings));
}

function isAskedFor({ item }: PushFacts, { id }: WorkItem): boolean {
  return item === null || item.id === id;
}

/** Oldest first; the one it is about among them, also when they do not have it yet. */
function allItems({ items, item }: PushFacts): readonly WorkItem[] {
  if (item === null) {
    return items;
  }
  return items.some(({ id }) => id === item.id)
    ? items.map((each) => (each.id === item.id ? item : each))
    : [...items, item];
}
