import type { Action, NatsAction } from "../../domain/action.ts";
import { natsViolations } from "../../domain/action.ts";
import type { PlatformPush } from "../../domain/approval/platform-push.ts";
import { PUSH_ACTIONS, pushActionOf } from "../../domain/approval/push-action.ts";
import type {
  Action as ProtoAction,
  ActionSchema,
  PushAction,
  PushActionSchema,
} from "../../gen/belfry/v1/action_pb.ts";
import { DisconnectPolicy } from "../../gen/belfry/v1/policy_pb.ts";
import { nameIn } from "./enumeration.ts";
import type { Findings } from "./findings.ts";
import type { Init } from "./init.ts";
import { toWebhookAction, webhookActionOf, type WebhookReading } from "./webhook.ts";

const NO_JOB =
  "must not be given: it is work of the system's own. Use worker, nats or webhook, or BatchPush and ReconcilePushes of PushService";

/** That exactly one kind is set is a rule of the schema, checked before. @throws BelfryError SECRET_KEY_MISSING */
export function actionOf(
  action: ProtoAction | undefined,
  field: string,
  findings: Findings,
  webhooks: WebhookReading,
): Action {
  if (action === undefined) findings.add(field, "is required");
  const kind = action?.kind;
  switch (kind?.case) {
    case "worker": {
      const { queue, disconnectPolicy } = kind.value;
      return {
        kind: "worker",
        queue,
        disconnectPolicy: nameIn(DisconnectPolicy, disconnectPolicy) ?? "WAIT_FOR_HEARTBEAT",
      };
    }
    case "nats": {
      const { subject, headers } = kind.value;
      const nats: NatsAction = { kind: "nats", subject, headers };
      for (const broken of natsViolations(nats)) findings.add(`${field}.nats.${broken.field}`, broken.description);
      return nats;
    }
    case "webhook":
      return webhookActionOf(kind.value, (name) => `${field}.webhook.${name}`, findings, webhooks);
    case "push":
      return pushActionOfDefinition(kind.value, `${field}.push`, findings);
    case "job":
      findings.add(`${field}.job`, NO_JOB);
      return { kind: "external" };
    case "external":
    case undefined:
      return { kind: "external" };
  }
}

function pushActionOfDefinition(given: PushAction, field: string, findings: Findings): PlatformPush {
  const { platformId, sessionId, workItemId, action } = given;
  if (platformId === "") findings.add(`${field}.platformId`, "is required");
  if (sessionId === "" && workItemId === "") {
    findings.add(`${field}.workItemId`, "is required, or sessionId: it says what is pushed");
  }
  const known = pushActionOf(action === "" ? "manual" : action);
  if (known === null) findings.add(`${field}.action`, `is none that is known; there are ${PUSH_ACTIONS.join(", ")}`);
  return {
    kind: "push",
    platformId,
    sessionId,
    workItemId: workItemId === "" ? null : workItemId,
    action: known ?? "manual",
    transfer: null,
    note: "",
    origin: "MANUAL",
    force: false,
  };
}

export function toAction(action: Action): Init<typeof ActionSchema> {
  switch (action.kind) {
    case "worker": {
      const value = { queue: action.queue, disconnectPolicy: DisconnectPolicy[action.disconnectPolicy] };
      return { kind: { case: "worker", value } };
    }
    case "nats":
      return { kind: { case: "nats", value: { subject: action.subject, headers: { ...action.headers } } } };
    case "webhook":
      return { kind: { case: "webhook", value: toWebhookAction(action) } };
    case "push":
      return { kind: { case: "push", value: toPushAction(action) } };
    case "job":
      return { kind: { case: "job", value: { job: action.job } } };
    case "external":
      return { kind: { case: "external", value: {} } };
  }
}

function toPushAction(push: PlatformPush): Init<typeof PushActionSchema> {
  const { platformId, sessionId, workItemId, action, origin } = push;
  return { platformId, sessionId, workItemId: workItemId ?? "", action, origin: origin.toLowerCase() };
}
