/** One delivery: what is sent, how it is judged, and what is kept of it. */
import type { DestinationEvent } from "../../actors/destination/events.ts";
import { BelfryError } from "../../domain/error.ts";
import { Masking } from "../../domain/webhook/masking.ts";
import type { DestinationRecord } from "../../domain/webhook/destination.ts";
import type { Clock } from "../../ports/clock.ts";
import type { SecretBox } from "../../ports/secret-box.ts";
import type { WebhookClient } from "../../ports/webhook-client.ts";
import type { Assignment } from "../api.ts";
import { notBefore } from "../executors/not-before.ts";
import { failed } from "../executors/performed-attempt.ts";
import type { Performed } from "../served/served-call.ts";
import { deliveryRequest } from "../webhooks/delivery-request.ts";
import { exchangeOf, resultOf } from "../webhooks/exchange.ts";
import { verdictOf } from "../webhooks/verdict.ts";
import type { Verdict } from "../webhooks/verdict.ts";

export interface DeliveryDeps {
  readonly client: WebhookClient;
  readonly box: SecretBox;
  /** Where receivers reach the API: `https://belfry.example.com`. */
  readonly publicUrl: () => string;
  /** Of Belfry. */
  readonly version: string;
}

export class Delivery {
  readonly #deps: DeliveryDeps;
  readonly #clock: Clock;

  constructor(deps: DeliveryDeps, clock: Clock) {
    this.#deps = deps;
    this.#clock = clock;
  }

  async deliver(
    assignment: Assignment,
    destination: DestinationRecord,
    signal: AbortSignal,
  ): Promise<Performed<DestinationEvent>> {
    const { action } = assignment.instance.spec;
    if (action.kind !== "webhook") {
      throw new Error(`An action of kind "${action.kind}" stands in the queue of a destination`);
    }
    const { client, box, publicUrl, version } = this.#deps;
    const at = this.#clock.now();
    let sent: ReturnType<typeof deliveryRequest>;
    try {
      sent = deliveryRequest(assignment, action, { destination, box, at, version, publicUrl: publicUrl() });
    } catch (error) {
      if (!(error instanceof BelfryError)) {
        throw error;
      }
      // A secret that no key of this node opens.
      return { outcome: failed(error.reason, error.message, true), told: [] };
    }
    const { request, secrets } = sent;
    const reply = await client.send(request, signal);
    const masking = new Masking(secrets);
    const exchange = exchangeOf(request, reply, masking);
    const verdict = verdictOf(reply, {
      rules: destination.settings.successRules,
      at: this.#clock.now(),
      masking,
    });
    if (verdict.ok && reply.kind === "answered") {
      const { callback } = action;
      return {
        told: [{ type: "DELIVERED", at: this.#clock.now(), sentAt: at, outcome: { ok: true } }],
        outcome:
          callback === null
            ? { kind: "completed", result: resultOf(reply, masking), exchange }
            : { kind: "handed-on", withinMs: callback.timeoutMs, exchange },
      };
    }
    const failure = verdict as Extract<Verdict, { ok: false }>;
    const { cause, error, isGone, retryable } = failure;
    const retryAfterMs = failure.retryAfterMs ?? 0;
    return {
      told: [
        {
          type: "DELIVERED",
          at: this.#clock.now(),
          sentAt: at,
          outcome: { ok: false, cause, message: error.message, retryAfterMs, isGone },
        },
      ],
      outcome: {
        kind: "failed",
        failure: { error, retryable, exchange, ...notBefore(assignment, retryAfterMs) },
      },
    };
  }
}
