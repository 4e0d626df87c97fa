/**
 * One attempt of a push, on the node that has its platform: facts → plan → requests → record. The one path for events, manual pushes, batches
 * and sweeps. What it says is how things stand when it runs, whatever they were when it was made.
 */
import type { PlatformEvent } from "../../actors/platform/events.ts";
import type { PlatformPush } from "../../domain/approval/platform-push.ts";
import { shardOfPushDefinition } from "../../domain/approval/platform-push.ts";
import { BelfryError } from "../../domain/error.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { PlatformRecord } from "../../domain/platform/platform.ts";
import { Masking } from "../../domain/webhook/masking.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ApprovalStore } from "../../ports/store/approvals.ts";
import type { WebhookClient } from "../../ports/webhook-client.ts";
import type { Assignment } from "../api.ts";
import type { Outcome } from "../executors/performed-attempt.ts";
import { notBefore } from "../executors/not-before.ts";
import { failed } from "../executors/performed-attempt.ts";
import { workItemNotFound } from "../refusals.ts";
import type { Performed } from "../served/served-call.ts";
import type { Account, Accounts } from "./account.ts";
import type { PushCommands } from "./api.ts";
import { askedFor, pushedEvents } from "./breaker-cause.ts";
import type { PushReport, SendToPlatform } from "./carry-out.ts";
import { carryOut } from "./carry-out.ts";
import type { PlatformResident } from "./platform-kind.ts";
import { idempotencyKey, isTold } from "./push-told.ts";
import type { KnownSessions } from "./known-sessions.ts";
import type { KnownSession } from "./push-facts.ts";
import { pushFacts } from "./push-facts.ts";
import { exchangesOf, maskedReport, metadataOf, saidOf, skippedMetadata, statesTold } from "./push-record.ts";
import type { Tokens } from "./tokens.ts";

const KEEP_BYTES = 256 * 1024;

interface PerformanceDeps {
  readonly clock: Clock;
  readonly store: Pick<ApprovalStore, "loadWorkItems">;
  readonly known: KnownSessions;
  readonly accounts: Accounts;
  readonly tokens: Tokens;
  readonly sendTo: (record: PlatformRecord) => SendToPlatform;
  /** Makes a push in the shard of its session. */
  readonly handOver: PushCommands["push"];
}

/** What sends requests to a platform, within the time that its policy gives one. */
export function sender(client: WebhookClient, { policy }: Pick<PlatformRecord, "policy">): SendToPlatform {
  const { requestMs } = policy;
  return (request, signal) =>
    client.send(
      { ...request, connectMs: requestMs, headersMs: requestMs, wholeMs: requestMs, keepBytes: KEEP_BYTES },
      signal,
    );
}

export class PushPerformance {
  readonly #deps: PerformanceDeps;

  constructor(deps: PerformanceDeps) {
    this.#deps = deps;
  }

  async perform(
    assignment: Assignment,
    resident: PlatformResident,
    signal: AbortSignal,
  ): Promise<Performed<PlatformEvent>> {
    const { action: push } = assignment.instance.spec;
    if (push.kind !== "push") {
      throw new Error(`An action of kind "${push.kind}" stands in the queue of a platform`);
    }
    const { record } = resident;
    const refusal = refusalBy(record);
    if (refusal !== null) {
      return skipped(...refusal);
    }
    if (record.standsFor !== null) {
      return this.#passOn(assignment, push, `It goes on to platform ${record.standsFor}, for which this one stands.`);
    }
    if (shardOfPushDefinition(assignment.instance.spec.definitionId ?? "") === null) {
      return this.#passOn(assignment, push, "It goes on to the shard of its session, among the other pushes of it.");
    }
    let account: Account;
    try {
      account = this.#deps.accounts.of(record);
    } catch (error) {
      if (!(error instanceof BelfryError)) {
        throw error;
      }
      return { outcome: failed(error.reason, error.message, true), told: [] };
    }
    const known = await this.#deps.known.of(push.platformId, push.sessionId);
    return known === null
      ? skipped("UNKNOWN_SESSION", "Nothing is known of its session any more.")
      : this.#push({ assignment, push, resident, account, known }, signal);
  }

  /** A push that is to be made elsewhere: for a platform in whose place another one is told, or by a definition of a user. */
  async #passOn({ instance }: Assignment, push: PlatformPush, why: string): Promise<Performed<PlatformEvent>> {
    const { kind: _, sessionId: named, ...asked } = push;
    try {
      const sessionId = named === "" ? await this.#sessionOf(push.workItemId ?? "") : named;
      // A retry by hand is another push; an attempt after one that was lost is not.
      const requestId = `${instance.id}/${instance.life.series}`;
      const made = await this.#deps.handOver(sessionId, { push: asked, requestId });
      return skipped("PASSED_ON", why, { pushId: made.instance.id });
    } catch (error) {
      if (!(error instanceof BelfryError)) {
        throw error;
      }
      return error.reason === "STATE_FORBIDS"
        ? skipped("PLATFORM_DISABLED", error.message)
        : { outcome: failed(error.reason, error.message, error.code === "UNAVAILABLE"), told: [] };
    }
  }

  async #sessionOf(workItemId: string): Promise<string> {
    const [found] = await this.#deps.store.loadWorkItems({ ids: [workItemId] });
    if (found === undefined) {
      throw workItemNotFound(workItemId);
    }
    return found.item.sessionId;
  }

  async #push(job: Job, signal: AbortSignal): Promise<Performed<PlatformEvent>> {
    const { push, known, account, assignment } = job;
    const { connector, settings } = account;
    if (known.session.session.isQuestionnaire) {
      return skipped("QUESTIONNAIRE", "Questionnaires (问卷通) are recorded and not pushed.");
    }
    const facts = pushFacts(known, push);
    if (facts === null) {
      return skipped("UNKNOWN_WORK_ITEM", "Nothing is known of its work item any more.");
    }
    const planned = connector.plan(facts, settings);
    if (planned.kind === "skip") {
      return skipped("NOT_PUSHED", planned.reason);
    }
    const always = push.force || push.origin === "MANUAL" || push.action === "remind_task";
    if (!always && isTold(planned.operations, known.states)) {
      return skipped("UNCHANGED", "The platform was told the same before, with success.");
    }
    const pushId = assignment.instance.id;
    const tokens = this.#deps.tokens.sourceFor(job.resident, account);
    const carriedOut = await carryOut(
      {
        connector,
        settings,
        facts,
        operations: planned.operations,
        idempotencyKeyOf: ({ kind, thirdId }) => idempotencyKey(pushId, kind, thirdId),
      },
      { clock: this.#deps.clock, send: this.#deps.sendTo(job.resident.record), tokens },
      signal,
    );
    if (carriedOut.isTooEarly) {
      return { outcome: { kind: "given-back" }, told: [] };
    }
    const at = this.#deps.clock.now();
    const masking = new Masking([...account.secrets, ...tokens.given]);
    const report = maskedReport(carriedOut, masking);
    return {
      outcome: outcomeOf(job, report, at, {
        exchange: exchangesOf([...tokens.steps, ...report.steps], masking),
        metadata: metadataOf({ push, known, planned, report }, masking),
        pushStates: statesTold({ push, pushId, known, planned, report, at }),
      }),
      told: pushedEvents(report.steps, at),
    };
  }
}

interface Job {
  readonly assignment: Assignment;
  readonly push: PlatformPush;
  readonly resident: PlatformResident;
  readonly account: Account;
  readonly known: KnownSession;
}

function refusalBy({ connector, enabled }: PlatformRecord): readonly [code: string, message: string] | null {
  if (connector === "") {
    return ["NO_PLATFORM", "There is no such platform any more."];
  }
  return enabled ? null : ["PLATFORM_DISABLED", "The platform is disabled."];
}

function skipped(code: string, message: string, more: JsonObject = {}): Performed<PlatformEvent> {
  const result: JsonObject = { skipped: code, ...more };
  return { outcome: { kind: "completed", result, metadata: skippedMetadata(code, message) }, told: [] };
}

function outcomeOf(
  { assignment, known }: Job,
  { failure, steps }: PushReport,
  at: number,
  kept: Pick<Extract<Outcome, { readonly kind: "completed" }>, "exchange" | "metadata" | "pushStates">,
): Outcome {
  if (failure === null) {
    return { kind: "completed", result: { session: known.session.session.id, requests: steps.length }, ...kept };
  }
  const retryable = failure.class === "transient" || failure.class === "auth";
  const reply = steps.at(-1)?.reply;
  const waitMs = reply === undefined ? 0 : askedFor(reply, at);
  return {
    kind: "failed",
    failure: { error: { ...saidOf(failure), traceback: "" }, retryable, ...notBefore(assignment, waitMs), ...kept },
  };
}
