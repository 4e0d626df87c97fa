/** Lives of approvals, as all task centres are to show them: what happens, and who has what to do after each step. */
import { SessionState } from "../../../src/gen/belfry/v1/approval_pb.ts";
import type { Happening, ItemName, Someone } from "./approval.ts";
import { LI, WANG, ZHANG, ZHAO } from "./approval.ts";

/** How the instance stands; `GONE`: it was deleted. */
export type Ending = Exclude<keyof typeof SessionState, "UNSPECIFIED" | "DRAFT"> | "GONE";

/** Items by the person's number. */
export type Items = Readonly<Record<string, readonly ItemName[]>>;

export interface Step extends Happening {
  /** What people have to do after it. */
  readonly todos: Items;
  readonly instance: Ending;
}

export interface Life {
  readonly name: string;
  /** In the order in which they happened, a minute each. */
  readonly steps: readonly Step[];
  /** What people did. */
  readonly done: Items;
  /** What they had, and somebody else has since. */
  readonly handedOver?: Items;
  /** What they had, and nobody has to do any more. */
  readonly takenAway?: Items;
}

const [li, wang, zhao, zhang] = [LI, WANG, ZHAO, ZHANG].map(({ number }) => number) as [string, string, string, string];

const received = (item: ItemName, ...to: readonly Someone[]): Happening => ({ action: "receive", item, to });
const done = (item: ItemName, by: Someone, action = "after_examine"): Happening => ({
  action,
  item,
  by,
  opinion: "同意",
});

export const URGED = "请今天办理";

export const FULL: Life = {
  name: "received → transferred → urged → approved → next node → finished (R-031, R-048)",
  steps: [
    { ...received("a", LI), todos: { [li]: ["a"] }, instance: "RUNNING" },
    {
      action: "change_assignee",
      item: "a",
      from: [LI],
      to: [WANG],
      todos: { [wang]: ["a"] },
      instance: "RUNNING",
    },
    { action: "remind_task", item: "a", note: URGED, todos: { [wang]: ["a"] }, instance: "RUNNING" },
    { ...done("a", WANG), todos: {}, instance: "RUNNING" },
    { ...received("b", ZHAO), todos: { [zhao]: ["b"] }, instance: "RUNNING" },
    { ...done("b", ZHAO, "after_end"), todos: {}, instance: "COMPLETED" },
  ],
  done: { [wang]: ["a"], [zhao]: ["b"] },
  handedOver: { [li]: ["a"] },
};

const ABORTED: Life = {
  name: "aborted (R-012, R-031, R-034, R-047, R-048)",
  steps: [
    { ...received("a", LI), todos: { [li]: ["a"] }, instance: "RUNNING" },
    { ...done("a", LI), todos: {}, instance: "RUNNING" },
    { ...received("b", WANG, ZHAO), todos: { [wang]: ["b"], [zhao]: ["b"] }, instance: "RUNNING" },
    { action: "task_abort", todos: {}, instance: "ABORTED" },
  ],
  done: { [li]: ["a"] },
  takenAway: { [wang]: ["b"], [zhao]: ["b"] },
};

const REJECTED: Life = {
  name: "rejected, and with its creator again (R-012, R-034)",
  steps: [
    { ...received("a", LI), todos: { [li]: ["a"] }, instance: "RUNNING" },
    {
      action: "reject",
      item: "a",
      by: LI,
      opinion: "驳回",
      state: SessionState.REJECTED,
      todos: {},
      instance: "REJECTED",
    },
    { ...received("b", ZHANG), todos: { [zhang]: ["b"] }, instance: "REJECTED" },
  ],
  done: { [li]: ["a"] },
};

const REVOKED: Life = {
  name: "revoked by its creator (R-012, R-034)",
  steps: [
    { ...received("a", LI), todos: { [li]: ["a"] }, instance: "RUNNING" },
    { action: "revoke", todos: {}, instance: "REVOKED" },
  ],
  done: {},
  takenAway: { [li]: ["a"] },
};

export const DELETED: Life = {
  name: "deleted (R-026, R-027, R-031, R-041, R-042, R-047, R-081)",
  steps: [
    { ...received("a", LI), todos: { [li]: ["a"] }, instance: "RUNNING" },
    { ...done("a", LI), todos: {}, instance: "RUNNING" },
    { ...received("b", WANG), todos: { [wang]: ["b"] }, instance: "RUNNING" },
    { action: "sess_delete", todos: {}, instance: "GONE" },
  ],
  done: { [li]: ["a"] },
  takenAway: { [wang]: ["b"] },
};

export const START_AND_END: Life = {
  name: "ended as it began, 发起即结束 (R-028, R-040)",
  steps: [{ action: "after_end", isStartAndEnd: true, todos: {}, instance: "COMPLETED" }],
  done: {},
};

const SUSPENDED: Life = {
  name: "suspended, resumed and finished (R-047)",
  steps: [
    { ...received("a", LI), todos: { [li]: ["a"] }, instance: "RUNNING" },
    { action: "task_resume", state: SessionState.SUSPENDED, todos: { [li]: ["a"] }, instance: "SUSPENDED" },
    { action: "task_resume", state: SessionState.RUNNING, todos: { [li]: ["a"] }, instance: "RUNNING" },
    { ...done("a", LI, "after_end"), todos: {}, instance: "COMPLETED" },
  ],
  done: { [li]: ["a"] },
};

export const LIVES: readonly Life[] = [FULL, ABORTED, REJECTED, REVOKED, DELETED, START_AND_END, SUSPENDED];
