/**
 * Carrying out the plan of a push: its operations one after the other, each a request to the platform.
 *
 * - C1 What the platform does not take for its token is repeated once a push, with a token that is fetched anew. That costs no attempt.
 * - C2 What it does not know is repaired once an operation, by operations that the connector names, and then repeated.
 * - C3 What was acknowledged counts, also when an operation after it fails: the next attempt plans what is left.
 * - C4 An operation that fails ends the push when the connector says so; else those after it are carried out, and the first failure is told.
 */
import type { PushFacts } from "../../domain/approval/push-facts.ts";
import type {
  Connector,
  Operation,
  PlatformAnswer,
  PlatformRequest,
  PlatformVerdict,
  PushPlan,
} from "../../ports/platform/connector.ts";
import type { Settings } from "../../ports/platform/setting.ts";
import type { Clock } from "../../ports/clock.ts";
import type { WebhookReply } from "../../ports/webhook-client.ts";

export type PlatformFailure = Exclude<PlatformVerdict, { readonly class: "ok" }>;
type Acknowledgements = NonNullable<Operation["acknowledges"]>;

/** What one request came to. */
export interface PushStep {
  /** The connector's word; `token` for the fetch of one. */
  readonly operation: string;
  readonly thirdId: string;
  readonly request: PlatformRequest;
  readonly reply: WebhookReply;
  readonly verdict: PlatformVerdict;
  readonly sentAt: number;
  /** The platform did not take the token, and it was sent again with a new one: that says nothing about the platform. */
  readonly isRepeated: boolean;
}

export interface PushReport {
  /** Null: all of it was taken. */
  readonly failure: PlatformFailure | null;
  /** There is no token, and none is to be had now: nothing was sent that the platform looked at. It counts as no attempt. */
  readonly isTooEarly: boolean;
  /** C3. By third id. */
  readonly acknowledged: Acknowledgements;
  /** In the order in which they were sent. */
  readonly steps: readonly PushStep[];
}

/** What sends a request. */
export type SendToPlatform = (request: PlatformRequest, signal: AbortSignal) => Promise<WebhookReply>;

export interface CarryOutDeps {
  readonly clock: Clock;
  readonly send: SendToPlatform;
  readonly tokens: TokenSource;
}

export type Granted =
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "failed"; readonly failure: PlatformFailure }
  /** It failed a moment ago and is not asked again yet, or the push is to begin anew. */
  | { readonly kind: "wait"; readonly failure: PlatformFailure };

/** Where a push gets the platform's token from. */
export interface TokenSource {
  current(): Promise<Granted>;
  /** A new one: the platform did not take the last. */
  instead(): Promise<Granted>;
}

export interface PushJob {
  readonly connector: Connector;
  readonly settings: Settings;
  readonly facts: PushFacts;
  readonly operations: Extract<PushPlan, { readonly kind: "push" }>["operations"];
  /** The same for every attempt of the push. */
  idempotencyKeyOf(operation: Operation): string;
}

/** An answer as connectors read it. */
export function answerOf(reply: WebhookReply): PlatformAnswer {
  return reply.kind === "answered"
    ? { kind: "answered", status: reply.status, body: reply.body }
    : { kind: "failed", message: reply.message };
}

export async function carryOut(job: PushJob, deps: CarryOutDeps, signal: AbortSignal): Promise<PushReport> {
  const push = new Push(job, deps, signal);
  return await push.run();
}

class Push {
  readonly #job: PushJob;
  readonly #deps: CarryOutDeps;
  readonly #signal: AbortSignal;
  readonly #steps: PushStep[] = [];
  readonly #acknowledged = new Map<string, Acknowledgements extends ReadonlyMap<string, infer State> ? State : never>();
  #token: string | null = null;
  #isTokenNew = false;
  #isTooEarly = false;

  constructor(job: PushJob, deps: CarryOutDeps, signal: AbortSignal) {
    this.#job = job;
    this.#deps = deps;
    this.#signal = signal;
  }

  async run(): Promise<PushReport> {
    let failure: PlatformFailure | null = null;
    for (const operation of this.#job.operations) {
      const verdict = await this.#repaired(operation);
      if (verdict.class !== "ok") {
        failure ??= verdict; // C4
        if (operation.onFailure === "stop") {
          break;
        }
      }
    }
    const isTooEarly = this.#isTooEarly && this.#steps.every(({ isRepeated }) => isRepeated);
    return { failure, isTooEarly, acknowledged: this.#acknowledged, steps: this.#steps };
  }

  /** C2. */
  async #repaired(operation: Operation): Promise<PlatformVerdict> {
    const verdict = await this.#repeated(operation);
    if (verdict.class !== "not_found") {
      return verdict;
    }
    const { connector, facts, settings } = this.#job;
    const repairs = connector.repairOf(operation, facts, settings);
    for (const repair of repairs) {
      const repaired = await this.#repeated(repair);
      if (repaired.class !== "ok") {
        return repaired;
      }
    }
    return repairs.length === 0 ? verdict : await this.#repeated(operation);
  }

  /** As often as the connector itself repeats what is transient, beside the attempts of the push. */
  async #repeated(operation: Operation): Promise<PlatformVerdict> {
    const { connector, settings } = this.#job;
    const retries = connector.retriesOf?.(settings);
    for (let retry = 0; ; retry++) {
      const verdict = await this.#authorized(operation);
      const mayRepeat = verdict.class === "transient" && verdict.retryAfterMs !== undefined;
      if (!mayRepeat || retries === undefined || retry >= retries.max || this.#signal.aborted) {
        this.#note(operation, verdict);
        return verdict;
      }
      await this.#deps.clock.sleep(retries.delayMs(retry), this.#signal).catch(() => {});
    }
  }

  /** C1. */
  async #authorized(operation: Operation): Promise<PlatformVerdict> {
    const { connector } = this.#job;
    if (connector.token !== null && this.#token === null) {
      const refused = this.#take(await this.#deps.tokens.current());
      if (refused !== null) {
        return refused;
      }
    }
    const mayRefresh = connector.token !== null && !this.#isTokenNew;
    const verdict = await this.#send(operation, mayRefresh);
    if (verdict.class !== "auth" || !mayRefresh) {
      return verdict;
    }
    this.#isTokenNew = true;
    return this.#take(await this.#deps.tokens.instead()) ?? (await this.#send(operation, false));
  }

  #take(granted: Granted): PlatformFailure | null {
    if (granted.kind === "token") {
      this.#token = granted.token;
      return null;
    }
    this.#isTooEarly = true;
    return granted.failure;
  }

  async #send(operation: Operation, mayRefresh: boolean): Promise<PlatformVerdict> {
    const { connector, settings } = this.#job;
    const { clock } = this.#deps;
    const sentAt = clock.now();
    const request = connector.requestOf(operation, {
      settings,
      token: this.#token ?? "",
      at: sentAt,
      idempotencyKey: this.#job.idempotencyKeyOf(operation),
    });
    const reply = await this.#deps.send(request, this.#signal);
    const verdict = connector.verdictOf(operation, answerOf(reply), settings);
    const { kind, thirdId } = operation;
    const isRepeated = verdict.class === "auth" && mayRefresh;
    this.#steps.push({ operation: kind, thirdId, request, reply, verdict, sentAt, isRepeated });
    return verdict;
  }

  /** C3. */
  #note({ acknowledges }: Operation, verdict: PlatformVerdict): void {
    if (verdict.class === "ok") {
      for (const [thirdId, state] of acknowledges ?? []) {
        this.#acknowledged.set(thirdId, state);
      }
    }
  }
}
