/** What a push is about. Events of the process system come as `receive` or `action.receive.0`. */

export const PUSH_ACTIONS = [
  /** 接收: an item has come to somebody. */
  "receive",
  /** 审批完成: an item was done, the session goes on. */
  "after_examine",
  /** 流程结束: an item was done, and the session with it. */
  "after_end",
  /** 转办: an item has other assignees. */
  "change_assignee",
  /** 催办: an item is urged. */
  "remind_task",
  /** 终止 */
  "task_abort",
  /** 恢复 after a suspension, and the suspension itself: the session's state says which. */
  "task_resume",
  /** 驳回 */
  "reject",
  /** 撤销 */
  "revoke",
  /** 实例删除 */
  "sess_delete",
  /** 归档 */
  "archive",
  /** 手动: what the present state calls for. */
  "manual",
] as const;
export type PushAction = (typeof PUSH_ACTIONS)[number];

/** The action of an event's name: `receive`, `action.receive`, `action.receive.0`; null when it is none that is known. */
export function pushActionOf(event: string): PushAction | null {
  const [first = "", second = ""] = event.split(".");
  const name = first === "action" ? second : first;
  return (PUSH_ACTIONS as readonly string[]).includes(name) ? (name as PushAction) : null;
}
