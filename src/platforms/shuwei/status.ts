/**
 * What 树维 is told to believe. Of a transaction (a session) one of its four statuses; of a todo `TODO` or `DONE`, and in V1, where a session ends through
 * its todos, also `FINISH` and `BREAK_UP`.
 */
import type { SessionState } from "../../domain/approval/session.ts";
import { mapOf } from "../read-settings.ts";
import type { Settings } from "../../ports/platform/setting.ts";

export const TODO = "TODO";
export const DONE = "DONE";

export const TRANSACTION_STATUSES = ["IN_PROGRESS", "BREAK_UP", "HANG_UP", "FINISH"] as const;
export type TransactionStatus = (typeof TRANSACTION_STATUSES)[number];

/** A draft is not pushed. */
export const DEFAULT_STATUS_MAP: Readonly<Record<Exclude<SessionState, "DRAFT">, TransactionStatus>> = {
  RUNNING: "IN_PROGRESS",
  SUSPENDED: "HANG_UP",
  COMPLETED: "FINISH",
  ABORTED: "BREAK_UP",
  REJECTED: "IN_PROGRESS",
  REVOKED: "BREAK_UP",
};

/** Null: sessions in this state are not pushed. */
export function transactionStatusOf(state: SessionState, settings: Settings): TransactionStatus | null {
  const defaults: Readonly<Partial<Record<SessionState, string>>> = DEFAULT_STATUS_MAP;
  const status = mapOf(settings, "sessionStatusMap")[state] ?? defaults[state];
  return TRANSACTION_STATUSES.find((each) => each === status) ?? null;
}

/** Of a todo: the platform believes that nobody has to do it any more. */
export function isClosed(status: string | null): boolean {
  return status !== null && status !== TODO;
}
