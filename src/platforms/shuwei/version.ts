/** What V1 and V2 of 树维 do differently: the bodies of two operations, where an operation goes, and who tells the end of a session. */
import type { PushFacts } from "../../domain/approval/push-facts.ts";
import type { WorkItem } from "../../domain/approval/session.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { Settings } from "../../ports/platform/setting.ts";

export const OPERATION_KINDS = [
  /** 新增 */
  "add",
  /** 办结 */
  "complete",
  /** 转办 */
  "transfer",
  /** 催办 */
  "urge",
  /** 终止 */
  "terminate",
  /** 删除 */
  "delete",
  /** The transaction: 完成, 挂起, 恢复. */
  "finish",
  "suspend",
  "resume",
] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

/** A todo as the platform is to have it. */
export interface Todo {
  readonly facts: PushFacts;
  readonly item: WorkItem;
  readonly id: string;
  /** Numbers. */
  readonly handlers: readonly string[];
  /** The todo before it; empty: none. */
  readonly previousId: string;
}

/** A todo that somebody has done. */
export interface Completion {
  readonly facts: PushFacts;
  readonly item: WorkItem;
  readonly id: string;
  /** A number. */
  readonly handler: string;
  /** The session ends with it. */
  readonly isLast: boolean;
}

export interface Version {
  /** V1: a session ends through its items (`taskHandle` with `end`, `taskTerminate`); V2: through its transaction (`updateTransaction`). */
  readonly endsBy: "item" | "transaction";
  /** Whether new assignees get a new todo, the old one being completed; else the todo itself is handed over. */
  recreatesOnTransfer(settings: Settings): boolean;
  /** The setting that holds the path of an operation. */
  readonly pathSettings: Readonly<Partial<Record<OperationKind, string>>>;
  addBody(todo: Todo, settings: Settings): JsonObject;
  completeBody(completion: Completion, settings: Settings): JsonObject;
}
