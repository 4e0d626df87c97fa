import type { InstanceRecord, InstanceSpec, WaitingReason } from "../../domain/instance/instance.ts";
import type { InstanceEffect } from "./effects.ts";
import type { InstanceEvent } from "./events.ts";
import { announce, newLife } from "./life.ts";
import { pureTransition } from "../pure-transition.ts";
import { instanceMachine } from "./machine.ts";

const transition = pureTransition(instanceMachine);

/** What an event made of an instance. Not `accepted`: the state does not allow it, or the token is stale; nothing changed. */
export interface InstanceDecision {
  readonly accepted: boolean;
  readonly record: InstanceRecord;
  readonly effects: readonly InstanceEffect[];
}

/** A pure decision. `wakeAt` of the record is left to the caller. */
export function decideInstance(record: InstanceRecord, event: InstanceEvent): InstanceDecision {
  const before = instanceMachine.resolveState({
    value: record.state,
    context: { spec: record.spec, life: record.life },
  });
  const [after, actions] = transition(before, event);
  if (actions.length === 0) {
    return { accepted: false, record, effects: [] };
  }
  return {
    accepted: true,
    record: { ...record, revision: record.revision + 1, state: after.value, life: after.context.life },
    effects: actions.map((action) => action.params as InstanceEffect),
  };
}

/** A new instance. `gate`: what it must wait for before a worker may have it. */
export function createInstance(
  identity: { readonly id: string; readonly shard: number; readonly at: number },
  spec: InstanceSpec,
  gate: WaitingReason | null,
): InstanceDecision {
  const record: InstanceRecord = {
    id: identity.id,
    shard: identity.shard,
    revision: 1,
    state: "PENDING",
    spec,
    life: newLife(identity.at, gate),
    createdAt: identity.at,
    wakeAt: null,
  };
  const created = announce("created", {
    definitionId: spec.definitionId,
    trigger: spec.trigger,
    ...(spec.scheduledAt === null ? {} : { scheduledTime: new Date(spec.scheduledAt).toISOString() }),
  });
  return { accepted: true, record, effects: gate === null ? [created, { kind: "offer" }] : [created] };
}
