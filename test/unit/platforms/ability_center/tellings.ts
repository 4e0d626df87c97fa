/** What 能力中心 is told by a plan, in few words. */
import type { PushFacts } from "../../../../src/domain/approval/push-facts.ts";
import { abilityCenter } from "../../../../src/platforms/ability_center/connector.ts";
import type { Operation } from "../../../../src/ports/platform/connector.ts";
import { operationsOf, settingsOf } from "./facts-given.ts";

const SETTINGS = settingsOf(abilityCenter);
export const plan = (given: PushFacts, settings = SETTINGS) => abilityCenter.plan(given, settings);

/** What an operation tells the platform: `9001 of 10086: task 0, inst 0`. */
export function told({ kind, thirdId, body }: Operation): string {
  const { inst, task, sendMsg } = body as unknown as {
    readonly inst: { readonly instStatus: number };
    readonly task?: {
      readonly taskId: number;
      readonly taskStatus: number;
      readonly instUser: readonly string[];
    };
    readonly sendMsg: number;
  };
  const about = task === undefined ? "no task" : `${task.taskId} of ${task.instUser.join("+")} is ${task.taskStatus}`;
  return `${kind} ${thirdId}: ${about}, inst ${inst.instStatus}${sendMsg === 1 ? ", message" : ""}`;
}
export const tellings = (given: PushFacts, settings = SETTINGS) => operationsOf(plan(given, settings)).map(told);
