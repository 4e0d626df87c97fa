/** What the platform does not know is put there first. */
import type { PushFacts } from "../../domain/approval/push-facts.ts";
import { isOpen } from "../../domain/approval/session.ts";
import type { WorkItem } from "../../domain/approval/session.ts";
import type { Operation } from "../../ports/platform/connector.ts";
import type { Settings } from "../../ports/platform/setting.ts";
import { handedOver, takenOver } from "./handing-over.ts";
import { add, complete } from "./operations.ts";
import type { Telling } from "./operations.ts";
import { holdersOf } from "./people.ts";
import { Standing } from "./standing.ts";
import { isClosed } from "./status.ts";
import type { OperationKind, Version } from "./version.ts";

export function repairOf(
  version: Version,
  operation: Operation,
  facts: PushFacts,
  settings: Settings,
): readonly Operation[] {
  const telling = { version, facts, settings, standing: new Standing(facts) };
  const kind = operation.kind as OperationKind;
  switch (kind) {
    case "add":
    case "delete":
      return [];
    case "complete":
    case "transfer":
    case "urge":
      return ofTodo(telling, operation);
    case "terminate":
      return version.endsBy === "item" ? ofTodo(telling, operation) : ofTransaction(telling);
    case "finish":
    case "suspend":
    case "resume":
      return ofTransaction(telling);
    default:
      return kind satisfies never;
  }
}

function ofTodo(telling: Telling, operation: Operation): readonly Operation[] {
  const item = telling.standing.ownerOf(operation.thirdId);
  return item === null ? [] : put(telling, item, operation.thirdId, handlersFor(operation, item, telling));
}

/** Those who must have it, so that the operation can be repeated. */
function handlersFor({ kind, body }: Operation, item: WorkItem, { facts, standing }: Telling): readonly string[] {
  const holders = holdersOf(item);
  if (kind === "transfer") {
    const change = isOpen(item.state) ? handedOver(item, facts, standing) : takenOver(item, facts, standing);
    return change?.had ?? holders;
  }
  const handler = body["handler"];
  return typeof handler !== "string" || handler === "" || holders.includes(handler) ? holders : [handler];
}

/**
 * A transaction is there as soon as one of its todos is. What the platform has acknowledged is put again only in V2, which calls transactions by ids of ours:
 * there a transaction that is unknown is lost.
 */
function ofTransaction(telling: Telling): readonly Operation[] {
  const { standing, facts, version } = telling;
  const isMissing = (item: WorkItem): boolean => version.endsBy === "transaction" || standing.statusOf(item) === null;
  const about = facts.item === null ? null : standing.ownerOf(standing.plainIdOf(facts.item));
  const open = standing.items.filter(({ state }) => isOpen(state));
  const candidates = about === null ? open : [about];
  const missing = (candidates.length > 0 ? candidates : standing.items.slice(-1)).filter(isMissing);
  return missing.flatMap((item) => {
    const id = standing.idOf(item);
    const puts = put(telling, item, id, holdersOf(item));
    const isDone = item.state === "DONE" || isClosed(standing.statusOf(item));
    return isDone && puts.length > 0 ? [...puts, complete(telling, item, id)] : puts;
  });
}

function put(telling: Telling, item: WorkItem, id: string, handlers: readonly string[]): readonly Operation[] {
  return handlers.length === 0 ? [] : [add(telling, item, id, handlers)];
}
