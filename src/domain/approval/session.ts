/**
 * What the process system (流程系统) tells of an approval: the session (审批实例), its work items (任务: 待办 while open, 已办 when done) and what was done
 * to them. Instants in epoch milliseconds.
 */
import type { JsonObject } from "../json.ts";

export const SESSION_STATES = [
  /** 草稿 */
  "DRAFT",
  /** 进行中 */
  "RUNNING",
  /** 挂起 */
  "SUSPENDED",
  /** 完成 */
  "COMPLETED",
  /** 终止, 中止 */
  "ABORTED",
  /** 驳回 */
  "REJECTED",
  /** 撤销 */
  "REVOKED",
] as const;
export type SessionState = (typeof SESSION_STATES)[number];

export const WORK_ITEM_STATES = [
  /** 未申领: nobody has taken it up. */
  "OPEN",
  /** 已申领, not done. */
  "CLAIMED",
  /** 已办 */
  "DONE",
  /** Taken away before it was done: its session was aborted, revoked or deleted. */
  "WITHDRAWN",
] as const;
export type WorkItemState = (typeof WORK_ITEM_STATES)[number];

export function isOpen(state: WorkItemState): boolean {
  return state === "OPEN" || state === "CLAIMED";
}

/** A user by the number that is the same in all systems (统一用户编号). */
export interface Person {
  readonly number: string;
  /** May be empty. */
  readonly name: string;
}

/** A text by language (`zh`, `en`); one without a language stands under `""`. */
export type LocalizedText = Readonly<Record<string, string>>;

/** Where people see something; empty: nowhere. */
export interface Links {
  readonly pc: string;
  readonly h5: string;
}

export interface Session {
  readonly id: string;
  readonly appId: string;
  readonly appName: LocalizedText;
  /** Empty: made of the creator and the app (`titleOf`). */
  readonly title: string;
  readonly serialNumber: string;
  readonly state: SessionState;
  readonly creator: Person;
  /** What a list shows beside the title, in order. */
  readonly summary: readonly { readonly label: string; readonly value: string }[];
  /** The view of the application (申请视图). */
  readonly view: Links;
  /** 问卷通: recorded, never pushed. */
  readonly isQuestionnaire: boolean;
  /** 发起即结束: it ends as it begins, without a work item for anybody. */
  readonly isStartAndEnd: boolean;
  readonly createdAt: number;
  readonly finishedAt: number | null;
}

export interface WorkItem {
  readonly id: string;
  readonly sessionId: string;
  readonly nodeId: string;
  readonly nodeName: LocalizedText;
  readonly state: WorkItemState;
  /** Who may or must do it; those who have it now. */
  readonly assignees: readonly Person[];
  /** Who did it; null while nobody has. */
  readonly handledBy: Person | null;
  /** 审批意见 */
  readonly opinion: string;
  /** The items that had to be done before this one came. */
  readonly previousIds: readonly string[];
  /** The view to handle it (待办视图). */
  readonly todo: Links;
  /** The view of what was done; empty: that of the session. */
  readonly view: Links;
  /** What the process system keeps beside (task_history's task_type, task_data, flags, agent_uid, fill_… of R-082), as it told it; null: nothing. */
  readonly data: JsonObject | null;
  readonly createdAt: number;
  readonly finishedAt: number | null;
}

/** 流程日志: somebody did something to an item. */
export interface ProcessLogEntry {
  readonly workItemId: string;
  readonly actor: Person;
  /** As the process system calls it. */
  readonly operation: string;
  readonly opinion: string;
  readonly at: number;
}

/** In Chinese when there is such a text, else in any language. */
export function chineseFirst(text: LocalizedText): string {
  const chinese = ["zh", "zh-CN", "zh_CN", "zh-Hans", ""].map((language) => text[language] ?? "");
  return [...chinese, ...Object.values(text)].find((each) => each !== "") ?? "";
}

/** 张三的请假 */
export function titleOf({ title, creator, appName }: Session): string {
  const app = chineseFirst(appName);
  return title !== "" ? title : creator.name === "" ? app : `${creator.name}的${app}`;
}
