import type { Clock } from "../../ports/clock.ts";
import type { Ids } from "../../ports/ids.ts";
import type { Log } from "../../ports/log.ts";
import type { SecretBox } from "../../ports/secret-box.ts";
import type { ActorStateStore } from "../../ports/store/actor-states.ts";
import type { ApprovalStore } from "../../ports/store/approvals.ts";
import type { QueryStore } from "../../ports/store/queries.ts";
import type { Runtime } from "../../runtime/index.ts";
import type { EventHub } from "../events/event-hub.ts";
import type { ServerLimits } from "../limits.ts";

/** What the API needs to know of webhooks. */
export interface WebhookEnvironment {
  /** Seals secrets before anything else gets them. */
  readonly box: SecretBox;
  /** Why no request may go to this URL, as far as can be seen without asking for its address; null: nothing is known against it. */
  refusal(url: string): string | null;
}

/** What handlers work with. */
export interface ServiceEnvironment {
  readonly runtime: Runtime;
  readonly queries: QueryStore;
  readonly actorStates: ActorStateStore;
  readonly approvals: ApprovalStore;
  readonly webhooks: WebhookEnvironment;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly limits: ServerLimits;
  readonly hub: EventHub;
  /** Aborts when the node starts to go away: watches end and waits are cut short, commands still work. */
  readonly draining: AbortSignal;
  /** Aborts when whoever is still there has to go. */
  readonly closing: AbortSignal;
}
