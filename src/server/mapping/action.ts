import type { Action } from "../../domain/action.ts";
import type { Action as ProtoAction, ActionSchema } from "../../gen/belfry/v1/action_pb.ts";
import { DisconnectPolicy } from "../../gen/belfry/v1/policy_pb.ts";
import { nameIn } from "./enumeration.ts";
import type { Findings } from "./findings.ts";
import type { Init } from "./init.ts";

/** That exactly one kind is set is a rule of the schema, checked before. */
export function actionOf(action: ProtoAction | undefined, field: string, findings: Findings): Action {
  if (action === undefined) findings.add(field, "is required");
  if (action?.kind.case !== "worker") return { kind: "external" };
  const { queue, disconnectPolicy } = action.kind.value;
  return {
    kind: "worker",
    queue,
    disconnectPolicy: nameIn(DisconnectPolicy, disconnectPolicy) ?? "WAIT_FOR_HEARTBEAT",
  };
}

export function toAction(action: Action): Init<typeof ActionSchema> {
  switch (action.kind) {
    case "worker": {
      const value = { queue: action.queue, disconnectPolicy: DisconnectPolicy[action.disconnectPolicy] };
      return { kind: { case: "worker", value } };
    }
    case "external":
      return { kind: { case: "external", value: {} } };
  }
}
