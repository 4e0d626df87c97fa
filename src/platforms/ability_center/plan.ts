/**
 * What is sent for the facts as they stand. Every action comes down to the same upsert of an instance with one of its tasks, so the same push twice, or
 * a late one, leaves the platform as it is.
 *
 * The platform is told of a task under one third id for all who have it. One who has it no more is told so under an id of his own, before the others
 * are told of theirs: a platform that keeps one line a task ends with those who have it now, one that keeps a line a person takes it from him.
 * The instance's status has the session's third id. Each upsert carries it; it is acknowledged by one of its own, sent when it changed.
 */
import type { PushFacts } from "../../domain/approval/push-facts.ts";
import { isOpen, type Session, type WorkItem } from "../../domain/approval/session.ts";
import { isOn, listOf, textOf } from "../read-settings.ts";
import type { Operation, PushPlan } from "../connector.ts";
import type { Settings } from "../setting.ts";
import { type TaskTold, upsertBody, wireId } from "./body.ts";
import { doneStatus, goesOn, holdersOf, instStatusOf, shownItem, taskStatusOf, withdrawn } from "./statuses.ts";
import { formerHolderThirdId, itemThirdId, sessionThirdId } from "./third-ids.ts";
import { isDeletion, isWantedByHand, whyNothing } from "./wanted.ts";

export function planPush(facts: PushFacts, settings: Settings): PushPlan {
  const reason = whyNothing(facts, settings);
  if (reason !== null) {
    return { kind: "skip", reason };
  }
  if (!isDeletion(facts.action, settings)) {
    return planUpserts(facts, toldItems(facts, settings), instStatusOf(facts.session, settings) ?? "", settings);
  }
  const items = allItems(facts);
  return textOf(settings, "deletePath") === ""
    ? planUpserts(facts, items.map(withdrawn), textOf(settings, "deletedStatus"), settings)
    : planDeletion(facts.session, items, settings);
}

function planUpserts(facts: PushFacts, items: readonly WorkItem[], instStatus: string, settings: Settings): PushPlan {
  const { session } = facts;
  const tasks = items.flatMap((item) => taskTold(session, item, settings));
  const operations = tasks.flatMap((task): Operation[] => [
    ...released(facts, task, instStatus, settings),
    {
      kind: "upsert",
      thirdId: itemThirdId(session, task.item),
      body: upsertBody({ session, instStatus, task, sendsMessage: sendsMessage(facts, task.item, settings) }, settings),
      onFailure: "go-on",
      acknowledges: task.status,
    },
  ]);
  if (operations.length === 0 || needsOwnUpsert(facts, instStatus, settings)) {
    const carrier = tasks.at(-1) ?? knownTask(facts, settings);
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
      acknowledges: instStatus,
    });
  }
  return pushOf(operations, [...new Set(tasks.flatMap(({ users }) => users))]);
}

/** every task one by one, then the instance, which stays when one of them does. */
function planDeletion(session: Session, items: readonly WorkItem[], settings: Settings): PushPlan {
  const instId = wireId(session.id, settings);
  const tasks = items.map((item): Operation => ({
    kind: "delete_task",
    thirdId: itemThirdId(session, item),
    body: { taskId: wireId(item.id, settings), instId },
    onFailure: "stop",
    acknowledges: null,
  }));
  const instance: Operation = {
    kind: "delete_instance",
    thirdId: sessionThirdId(session),
    body: { instId },
    onFailure: "stop",
    acknowledges: null,
  };
  return pushOf([...tasks, instance], []);
}

function pushOf(operations: readonly Operation[], assignees: readonly string[]): PushPlan {
  const desired = new Map(operations.map(({ thirdId, acknowledges = null }) => [thirdId, acknowledges]));
  return { kind: "push", desired, assignees, operations };
}

/** The items to tell of: what was asked for, and what the platform still shows as it was before the session ended. */
function toldItems(facts: PushFacts, settings: Settings): readonly WorkItem[] {
  const { action, session, item } = facts;
  const differs = (each: WorkItem): boolean => {
    const known = facts.acknowledged.get(itemThirdId(session, each));
    return known === undefined ? item === null : known.status !== taskStatusOf(each, session, settings);
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

/** Of change_assignee: those who had the task and have it no more; for them it is done. */
function released(facts: PushFacts, task: TaskTold, instStatus: string, settings: Settings): readonly Operation[] {
  const { session, item, transfer, log } = facts;
  const status = doneStatus(settings);
  if (transfer === null || status === null || item?.id !== task.item.id) {
    return [];
  }
  const former = transfer.from.map(({ number }) => number).filter((each) => each !== "" && !task.users.includes(each));
  return [...new Set(former)].map((number) => {
    const lastDeed = log.findLast(({ workItemId, actor }) => workItemId === item.id && actor.number === number);
    const told = { item: withdrawn(item), status, users: [number], finishedAt: lastDeed?.at ?? null };
    return {
      kind: "release",
      thirdId: formerHolderThirdId(session, item, number),
      body: upsertBody({ session, instStatus, task: told, sendsMessage: false }, settings),
      onFailure: "go-on",
      acknowledges: status,
    };
  });
}

function taskTold(session: Session, item: WorkItem, settings: Settings): readonly TaskTold[] {
  const shown = shownItem(item, session, settings);
  const status = taskStatusOf(item, session, settings);
  const finishedAt = isOpen(shown.state) ? null : (item.finishedAt ?? session.finishedAt);
  return status === null ? [] : [{ item: shown, status, users: holdersOf(item), finishedAt }];
}

/** The newest task that the platform has anyway: an instance is told of together with a task where there is one. */
function knownTask(facts: PushFacts, settings: Settings): TaskTold | null {
  const { session, acknowledged } = facts;
  const known = allItems(facts).filter((item) => acknowledged.has(itemThirdId(session, item)));
  return known.flatMap((item) => taskTold(session, item, settings)).at(-1) ?? null;
}

/** That a session runs is what the platform believes of one of which it was told nothing else. */
function needsOwnUpsert({ session, acknowledged }: PushFacts, instStatus: string, settings: Settings): boolean {
  const known = acknowledged.get(sessionThirdId(session))?.status;
  return instStatus !== (known ?? instStatusOf({ ...session, state: "RUNNING" }, settings));
}

function sendsMessage(facts: PushFacts, item: WorkItem, settings: Settings): boolean {
  return isAskedFor(facts, item) && listOf(settings, "messageEvents").includes(facts.action);
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
