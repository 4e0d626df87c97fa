import type { WebhookAction } from "../../../../src/domain/action.ts";
import type { InstanceRecord } from "../../../../src/domain/instance/instance.ts";
import { newDestination, type DestinationRecord } from "../../../../src/domain/webhook/destination.ts";
import { dispatchDefinitionId, originOf } from "../../../../src/domain/webhook/origin.ts";
import type { CreateDispatch, DestinationView } from "../../../../src/runtime/index.ts";
import type { Answers } from "../../../support/fake-runtime.ts";
import { MANUAL_START_AT } from "../../../support/manual-clock.ts";
import { anInstance } from "../../../support/records.ts";

export const ORIGIN = "https://hooks.example.com";
export const HOOK = `${ORIGIN}/webhook`;
export const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

export function aWebhook(given: Partial<WebhookAction> = {}): WebhookAction {
  return { kind: "webhook", url: HOOK, headers: {}, secret: "", taskType: "alert", callback: null, ...given };
}

/** A dispatch as CreateDispatch makes it. */
export function aDispatch(
  given: Parameters<typeof anInstance>[0] & { readonly action?: WebhookAction } = {},
): InstanceRecord {
  const { action = aWebhook(), ...record } = given;
  const definitionId = dispatchDefinitionId(originOf(action.url));
  const spec = { action, name: action.taskType, definitionId, trigger: "MANUAL" as const, ...record.spec };
  return anInstance({ id: "wf_1767225600000_00000000000000000001", ...record, spec });
}

export function aDestination(given: Partial<DestinationRecord> = {}): DestinationRecord {
  return { ...newDestination(given.origin ?? ORIGIN, 0, MANUAL_START_AT), ...given };
}

export function viewOf(record: DestinationRecord, given: Partial<DestinationView> = {}): DestinationView {
  return { record, underWay: 0, waiting: 0, ...given };
}

/** A runtime that makes what it is asked for. `made` has what it was given. */
export function aDispatcher(): {
  readonly answers: Answers;
  readonly made: [origin: string, command: CreateDispatch][];
} {
  const made: [string, CreateDispatch][] = [];
  const create = async (origin: string, command: CreateDispatch) => {
    made.push([origin, command]);
    const { action, payload = null, name = "", priority } = command.overrides;
    const instance = aDispatch({ action, spec: { name, payload, ...(priority !== undefined && { priority }) } });
    return { instance, existing: false };
  };
  return { answers: { dispatches: { create } }, made };
}
