/** The order to call unfinished instances off, as it stands in the supervision until it is carried out. */
import type { Cancelling, Supervision } from "../../domain/definition/supervision.ts";
import type { SupervisorEffect } from "./effects.ts";

export const CANCEL_OTHERS: SupervisorEffect = { kind: "cancelOthers" };

/** Notes durably that unfinished instances are to be called off; the runtime tells them one by one. An earlier, wider order stays. */
export function callingOff(supervision: Supervision, order: Cancelling): Supervision {
  const earlier = supervision.cancelling;
  if (earlier === undefined) {
    return { ...supervision, cancelling: order };
  }
  return {
    ...supervision,
    cancelling: {
      which: earlier.which === "all" || order.which === "all" ? "all" : "gated",
      terminate: earlier.terminate || order.terminate,
      reason: order.reason,
      olderThan: order.olderThan,
    },
  };
}

/** All of them have been told. */
export function calledOff(supervision: Supervision): Supervision {
  const { cancelling: _, ...rest } = supervision;
  return rest;
}
