import { PUSH_ACTIONS, pushActionOf, type PushAction } from "../../domain/approval/push-action.ts";
import type { PlatformTrigger } from "../../domain/platform/trigger.ts";
import type { Trigger, TriggerSchema } from "../../gen/belfry/v1/platform_pb.ts";
import { Findings } from "./findings.ts";
import type { Init } from "./init.ts";
import { toTimestamp } from "./time.ts";

/**
 * A trigger as it is to be created.
 *
 * @throws BelfryError INVALID_FIELD naming every action that there is not.
 */
export function platformTriggerOf({
  actions,
  appIds,
  condition,
}: Trigger): Omit<PlatformTrigger, "id" | "platformId" | "createdAt"> {
  const findings = new Findings();
  const known = new Set<PushAction>();
  actions.forEach((event, index) => {
    const action = pushActionOf(event);
    if (action !== null) known.add(action);
    else {
      findings.add(`trigger.actions[${index}]`, `"${event}" is no action: there are ${PUSH_ACTIONS.join(", ")}`);
    }
  });
  findings.throwIfAny();
  const { nodeIds = [], creators = [], assignees = [] } = condition ?? {};
  return { actions: [...known], appIds, condition: { nodeIds, creators, assignees } };
}

export function toPlatformTrigger(trigger: PlatformTrigger): Init<typeof TriggerSchema> {
  const { nodeIds, creators, assignees } = trigger.condition;
  return {
    id: trigger.id,
    platformId: trigger.platformId,
    actions: [...trigger.actions],
    appIds: [...trigger.appIds],
    condition: { nodeIds: [...nodeIds], creators: [...creators], assignees: [...assignees] },
    createTime: toTimestamp(trigger.createdAt),
  };
}
