/**
 * What 金智 is to be sent. A plan shows how things stand, not what the event says: a task that the platform has never acknowledged is inserted, whatever
 * happened to it meanwhile, any other is updated. So events that come twice, late or not at all end in the same state.
 */
import type { PushFacts } from "../../domain/approval/push-facts.ts";
import type { Session, WorkItem } from "../../domain/approval/session.ts";
import { areSame, believed, forgotten, statusesAfter } from "../belief.ts";
import type { Operation, PushPlan } from "../../ports/platform/connector.ts";
import { listedAction, presentAction } from "../present-action.ts";
import { listOf, textOf } from "../read-settings.ts";
import type { Settings } from "../../ports/platform/setting.ts";
import {
  instanceStatusOf,
  processorsOf,
  processorsOfSession,
  startAndEndOf,
  statusOf,
  taskModelOf,
} from "./mapping.ts";

export type OperationKind = "insert" | "update" | "delete_todo" | "delete_instance" | "start_and_end";

interface JinzhiOperation extends Operation {
  readonly kind: OperationKind;
}

export function plan(facts: PushFacts, settings: Settings): PushPlan {
  const { session } = facts;
  const action = presentAction(facts);
  const listed = listedAction(facts);
  if (session.isQuestionnaire) {
    return skip("Questionnaires are not pushed.");
  }
  if (!listOf(settings, "events").includes(listed)) {
    return skip(
      listed === "remind_task" ? "金智 has no call that urges." : `The setting events does not list ${listed}.`,
    );
  }
  const isPushed = instanceStatusOf(session, settings) !== "";
  if (action === "sess_delete") {
    return isPushed || facts.acknowledged.size > 0
      ? deletion(facts, settings)
      : skip(`A session that is ${session.state} was never pushed, so nothing is to be deleted.`);
  }
  if (!isPushed) {
    return skip(`Sessions that are ${session.state} are not pushed.`);
  }
  return session.isStartAndEnd ? startAndEnd(facts, settings) : tasks(facts, settings);
}

function skip(reason: string): PushPlan {
  return { kind: "skip", reason };
}

/** */
function tasks(facts: PushFacts, settings: Settings): PushPlan {
  const items = itemsToTell(facts, settings);
  if (items.length === 0) {
    return skip("There is no task that the platform is to be told of.");
  }
  const operations = items.map((item) => taskOperation(item, facts, settings));
  return {
    kind: "push",
    desired: statusesAfter(operations),
    assignees: [...new Set(items.flatMap(processorsOf))],
    operations,
  };
}

/**
 * The item it is about. Where it is about the session, or the session does not simply go on, also each that the platform knows and does not know to be as
 * it is: the end of a session closes tasks of which no event tells.
 */
function itemsToTell(facts: PushFacts, settings: Settings): readonly WorkItem[] {
  const { action, session, item, acknowledged } = facts;
  const tellsOthers = action !== "manual" && (session.state !== "RUNNING" || action === "task_resume");
  return allItems(facts).filter((each) => {
    const known = acknowledged.get(thirdIdOf(each));
    if (known === undefined && isNobodys(each)) {
      return false; // There is nobody to show it to.
    }
    if (item === null && action === "manual") {
      return true;
    }
    const isOutdated =
      known !== undefined &&
      (known.status !== desiredOf(each, session, settings) || !areSame(known.assignees, processorsOf(each)));
    return each.id === item?.id || (isOutdated && (item === null || tellsOthers));
  });
}

/** Oldest first; the one it is about among them, also when they do not have it yet. */
function allItems({ item, items }: PushFacts): readonly WorkItem[] {
  const byId = new Map(items.map((each) => [each.id, each]));
  return [...(item === null ? byId : byId.set(item.id, item)).values()];
}

/** The platform wants somebody in each task: one that is nobody's any more is to be gone from there. */
function desiredOf(item: WorkItem, session: Session, settings: Settings): string | null {
  return isNobodys(item) ? null : statusOf(item, session, settings);
}

function isNobodys(item: WorkItem): boolean {
  return processorsOf(item).length === 0;
}

function taskOperation(item: WorkItem, facts: PushFacts, settings: Settings): JinzhiOperation {
  const thirdId = thirdIdOf(item);
  // Tasks do not rest on each other.
  const onFailure = "go-on";
  if (isNobodys(item)) {
    return { ...deleteTask(thirdId, item.id), onFailure };
  }
  const model = taskModelOf(item, facts.session, settings);
  const isKnown = facts.acknowledged.has(thirdId);
  return {
    kind: isKnown ? "update" : "insert",
    thirdId,
    body: isKnown ? { updateModel: model } : { insertModel: model },
    onFailure,
    acknowledges: believed(thirdId, statusOf(item, facts.session, settings), processorsOf(item)),
  };
}

/** There is no call that changes such an instance: one that the platform has is sent again only when somebody asks for it. */
function startAndEnd({ action, session, acknowledged }: PushFacts, settings: Settings): PushPlan {
  const status = textOf(settings, "startAndEndStatus");
  const known = acknowledged.get(session.id)?.status;
  if (known === status && action !== "manual") {
    return skip("The platform has the instance, and has no call that changes one which ended as it began.");
  }
  const operation: JinzhiOperation = {
    kind: "start_and_end",
    thirdId: session.id,
    body: startAndEndOf(session, settings),
    onFailure: "stop",
    acknowledges: believed(session.id, status, processorsOfSession(session)),
  };
  return {
    kind: "push",
    desired: new Map([[session.id, status]]),
    assignees: processorsOfSession(session),
    operations: known === undefined ? [operation] : [deleteInstance(session), operation],
  };
}

/**
 * every task, one by one, then the instance; a task that cannot be deleted stops it before the instance.
 *
 * The platform refuses to delete what it does not know, and unless `notFoundCodes` tell that refusal from others it counts as a failure. Then only tasks are
 * deleted that it has acknowledged: so a deletion that broke off half-way is taken up where it stopped. The instance is deleted in any case: the platform
 * may have got a task whose answer was lost.
 */
function deletion(facts: PushFacts, settings: Settings): PushPlan {
  const { session, acknowledged } = facts;
  const items = allItems(facts);
  const isUnknownHarmless = listOf(settings, "notFoundCodes").length > 0;
  const known = items.filter((item) => isUnknownHarmless || acknowledged.has(thirdIdOf(item)));
  return {
    kind: "push",
    desired: new Map([...items.map(thirdIdOf), session.id].map((thirdId) => [thirdId, null])),
    assignees: [],
    operations: [...known.map((item) => deleteTask(thirdIdOf(item), item.id)), deleteInstance(session)],
  };
}

function deleteInstance({ id }: Pick<Session, "id">): JinzhiOperation {
  return {
    kind: "delete_instance",
    thirdId: id,
    body: { processInstanceId: id },
    onFailure: "stop",
    acknowledges: forgotten(id),
  };
}

function deleteTask(thirdId: string, taskId: string): JinzhiOperation {
  return { kind: "delete_todo", thirdId, body: { taskId }, onFailure: "stop", acknowledges: forgotten(thirdId) };
}

/** An update of a task that is not there inserts it first; what is there already, and is to be made, is deleted first. */
export function repairOf(operation: Operation): readonly Operation[] {
  const { kind, thirdId, body, acknowledges } = operation as JinzhiOperation;
  switch (kind) {
    case "update": {
      const insert: JinzhiOperation = {
        kind: "insert",
        thirdId,
        body: { insertModel: body["updateModel"] ?? null },
        onFailure: "stop",
        acknowledges,
      };
      return [insert];
    }
    case "insert": {
      const model = body["insertModel"] as { readonly taskId: string };
      return [deleteTask(thirdId, model.taskId)];
    }
    case "start_and_end":
      return [deleteInstance({ id: thirdId })];
    case "delete_todo":
    case "delete_instance":
      return [];
    default:
      return kind satisfies never;
  }
}

function thirdIdOf({ sessionId, id }: WorkItem): string {
  return `${sessionId}_${id}`;
}
