import type { Action, NatsAction } from "../../domain/action.ts";
import { natsViolations } from "../../domain/action.ts";
import type { Action as ProtoAction, ActionSchema } from "../../gen/belfry/v1/action_pb.ts";
import { DisconnectPolicy } from "../../gen/belfry/v1/policy_pb.ts";
import { nameIn } from "./enumeration.ts";
import type { Findings } from "./findings.ts";
import type { Init } from "./init.ts";
import { toWebhookAction, webhookActionOf, type WebhookReading } from "./webhook.ts";

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
    case "external":
    case undefined:
      return { kind: "external" };
  }
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
    case "external":
      return { kind: { case: "external", value: {} } };
  }
}
