/** What the 事务中心 answers: HTTP 200 and code 0 even when items were refused; those stand in `errorIds`. */
import { json, type Reply } from "./call.ts";
import type { Fault } from "./faults.ts";

export interface ErrorId {
  readonly code: number;
  readonly taskId: string;
  readonly message: string;
}

/** One of a batch. */
export type Item = Readonly<Record<string, unknown>>;

/** Code 0 with errorIds: the items that it picks are not done, the others are. */
export function refusesItems(code: number, message: string, isRefused: (id: string) => boolean = () => true): Fault {
  return ({ call, perform, refuse: refuseAll }) => {
    if (!Array.isArray(call.json)) return refuseAll(code, message);
    const items = call.json as readonly Item[];
    const refused = items.filter((item) => isRefused(idOf(item)));
    const reply = perform(items.filter((item) => !refused.includes(item)));
    if (typeof reply === "string" || reply.status !== 200) return reply;
    const { data } = JSON.parse(reply.body) as { data: { errorIds: readonly ErrorId[] } };
    return envelope([...refused.map((item) => ({ code, taskId: idOf(item), message })), ...data.errorIds]);
  };
}

/** What an item is about: of `taskHandle` the task that was done, of `updateTransaction` the transaction. */
export function idOf(item: Item): string {
  const own = ["taskId", "previousTaskId", "transactionId"].map((name) => item?.[name]);
  return own.find((id) => typeof id === "string") ?? "";
}

export function envelope(errorIds: readonly ErrorId[]): Reply {
  const message = errorIds.length > 0 ? "存在异常数据" : "操作成功";
  return json(200, { took: 1, timestamp: 0, code: 0, message, data: { errorIds } });
}

/** Nothing of it was done. */
export function refuse(code: number, message: string): Reply {
  return json(200, { took: 1, timestamp: 0, code, message, data: null });
}
