/** The operations on a todo or a transaction, each with the body that is sent. */
import type { Belief, PushFacts } from "../../domain/approval/push-facts.ts";
import type { WorkItem } from "../../domain/approval/session.ts";
import type { JsonObject } from "../../domain/json.ts";
import { believed, forgotten } from "../belief.ts";
import type { Operation } from "../../ports/platform/connector.ts";
import { numbersOf } from "../people.ts";
import { textOf } from "../read-settings.ts";
import type { Settings } from "../../ports/platform/setting.ts";
import type { HandingOver } from "./handing-over.ts";
import { handlerOf } from "./people.ts";
import type { Standing } from "./standing.ts";
import { DONE, TODO } from "./status.ts";
import type { TransactionStatus } from "./status.ts";
import type { OperationKind, Version } from "./version.ts";

/** All that an operation is made of. */
export interface Telling {
  readonly version: Version;
  readonly facts: PushFacts;
  readonly settings: Settings;
  readonly standing: Standing;
}

type Chain = Operation["onFailure"];

/** @param handlers numbers; not empty. */
export function add(
  { version, facts, settings, standing }: Telling,
  item: WorkItem,
  id: string,
  handlers: readonly string[],
): Operation {
  const previousId = id === standing.plainIdOf(item) ? previousIdOf(item, standing) : replacedBy(id, item, standing);
  const body = version.addBody({ facts, item, id, handlers, previousId }, settings);
  return operation("add", id, body, "stop", believed(id, TODO, handlers));
}

/** @param handler a number. */
export function complete(
  { version, facts, settings }: Telling,
  item: WorkItem,
  id: string,
  { handler = handlerOf(item, facts), isLast = false }: { readonly handler?: string; readonly isLast?: boolean } = {},
): Operation {
  const body = version.completeBody({ facts, item, id, handler, isLast }, settings);
  const status = isLast && version.endsBy === "item" ? "FINISH" : DONE;
  return operation("complete", id, body, "stop", believed(id, status, [handler]));
}

/** A handing over of the todo itself. */
export function transfer({ settings }: Telling, id: string, { from, to, have }: HandingOver): Operation {
  const body = {
    appId: textOf(settings, "appId"),
    taskId: id,
    handler: from.join(","),
    transferTo: to.join(","),
    handleOpinions: textOf(settings, "transferText"),
  };
  return operation("transfer", id, body, "stop", believed(id, TODO, have));
}

export function urge({ facts, settings }: Telling, item: WorkItem, id: string): Operation {
  const body = {
    appId: textOf(settings, "appId"),
    taskId: id,
    creator: facts.session.creator.number,
    instructions: facts.note === "" ? textOf(settings, "urgeText") : facts.note,
  };
  // One that can be urged is there, and open.
  return operation("urge", id, body, "go-on", believed(id, TODO, numbersOf(item.assignees)));
}

/** V1: the end before the end, told of one todo. */
export function terminate({ facts, settings }: Telling, id: string): Operation {
  const body = {
    appId: textOf(settings, "appId"),
    taskId: id,
    creator: facts.session.creator.number,
    handleOpinions: textOf(settings, "terminateText"),
  };
  return operation("terminate", id, body, "go-on", believed(id, "BREAK_UP", []));
}

/** One that cannot be deleted does not keep the others. */
export function remove({ facts, settings }: Telling, id: string): Operation {
  const body = { appId: textOf(settings, "appId"), taskId: id, creator: facts.session.creator.number };
  return operation("delete", id, body, "go-on", forgotten(id));
}

const KIND_OF_STATUS: Readonly<Record<TransactionStatus, OperationKind>> = {
  IN_PROGRESS: "resume",
  HANG_UP: "suspend",
  BREAK_UP: "terminate",
  FINISH: "finish",
};

/** The transaction, which has the session's id, gets a status. */
export function updateTransaction({ facts }: Telling, status: TransactionStatus, editAccount: string): Operation {
  const { id } = facts.session;
  const body = { transactionId: id, status, editAccount };
  return operation(KIND_OF_STATUS[status], id, body, "go-on", believed(id, status, []));
}

function operation(
  kind: OperationKind,
  thirdId: string,
  body: JsonObject,
  onFailure: Chain,
  acknowledges: ReadonlyMap<string, Belief | null>,
): Operation {
  return { kind, thirdId, body, onFailure, acknowledges };
}

/** The todo of the same item that this one takes the place of. */
function replacedBy(id: string, item: WorkItem, standing: Standing): string {
  const current = standing.idOf(item);
  return current === id ? standing.plainIdOf(item) : current;
}

/** The platform takes one: the one that was done last. */
function previousIdOf({ id, previousIds }: WorkItem, standing: Standing): string {
  const previous = standing.items.filter((each) => each.id !== id && previousIds.includes(each.id));
  const last = previous.toSorted((one, other) => (one.finishedAt ?? 0) - (other.finishedAt ?? 0)).at(-1);
  return last === undefined ? "" : standing.idOf(last);
}
