/**
 * Requests to receivers, judged as each is sent, by what is durable then.
 *
 * What is bounded is bounded for one activation of a destination: a life with the epoch at which it got the shard last. When the shard goes to
 * another life, requests of the one before may still be under way beside those of the next, until they have ended.
 */
import { isFinal } from "../../../src/domain/instance/instance.ts";
import type { InstanceRecord } from "../../../src/domain/instance/instance.ts";
import { shardOf } from "../../../src/domain/routing.ts";
import { originOf } from "../../../src/domain/webhook/origin.ts";
import type { JournalBatch } from "../../../src/ports/store/journal.ts";
import type { AcquiredShard } from "../../../src/ports/store/shards.ts";
import type { WebhookRequest } from "../../../src/ports/webhook-client.ts";
import type { Life } from "../world/life.ts";
import type { Audit } from "./audit.ts";
import type { DestinationAudit } from "./destinations.ts";
import type { Fences } from "./fences.ts";
import type { InstanceLives } from "./instance-lives.ts";
import type { Records } from "./records.ts";
import { instancesOf } from "./records.ts";

export interface Sent {
  readonly number: number;
  readonly origin: string;
  readonly instanceId: string;
  readonly attempt: number;
  readonly token: string;
  readonly activation: string;
  readonly at: number;
  /** The receiver took it: it answered 2xx, whether that was heard or not. */
  isTaken: boolean;
}

/** An attempt may be sent so long after it was over: a heartbeat timeout, and a delivery. */
const LATE_MS = 10_000 + 8000;
/** What was decided under bounds of before may be sent so much later: a node may stand still in between. */
const SETTLING_MS = 10_000;
/** So long after a destination is shut attempts may begin for it: a slot is lent for so long, and a node may stand still meanwhile. */
const LENT_MS = 5000 + 9000;
/** Codes of attempts that failed because of what a receiver did. */
const OF_RECEIVERS = /^(?:HTTP_\d+|CONNECTION_FAILED|TLS_FAILED|TIMEOUT|BAD_RESPONSE|BODY_RULE)$/u;

interface Activation {
  readonly underWay: Set<Sent>;
  /** Of the rate, as of `at`. */
  tokens: number;
  at: number;
}

export class Deliveries {
  readonly #audit: Audit;
  readonly #now: () => number;
  readonly #shardCount: number;
  readonly #records: Records;
  readonly #lives: InstanceLives;
  readonly #fences: Fences;
  readonly #destinations: DestinationAudit;
  /** By instance and number of the attempt. */
  readonly #byAttempt = new Map<string, Sent>();
  readonly #byNumber = new Map<number, Sent>();
  readonly #endedAt = new Map<string, number>();
  readonly #activations = new Map<string, Activation>();
  /** By life and shard: the epoch that it got last. */
  readonly #epochs = new Map<string, number>();
  /** Told of each attempt as it is sent. */
  handOut: (token: string) => void = () => {};

  constructor(deps: {
    readonly audit: Audit;
    readonly now: () => number;
    readonly shardCount: number;
    readonly records: Records;
    readonly lives: InstanceLives;
    readonly fences: Fences;
    readonly destinations: DestinationAudit;
  }) {
    this.#audit = deps.audit;
    this.#now = deps.now;
    this.#shardCount = deps.shardCount;
    this.#records = deps.records;
    this.#lives = deps.lives;
    this.#fences = deps.fences;
    this.#destinations = deps.destinations;
  }

  get count(): number {
    return this.#byNumber.size;
  }

  /** Requests whose senders wait for an answer. */
  get underWay(): number {
    return [...this.#activations.values()].reduce((sum, { underWay }) => sum + underWay.size, 0);
  }

  /** Whether something was sent there by this life since then. */
  isTried(origin: string, life: string, since: number): boolean {
    return [...this.#byNumber.values()].some(
      (sent) => sent.origin === origin && sent.at >= since && sent.activation.startsWith(`${life} `),
    );
  }

  acquired(life: Life, shards: readonly AcquiredShard[]): void {
    for (const { shard, epoch } of shards) {
      this.#epochs.set(`${life.name} ${shard}`, epoch);
    }
  }

  /** Before the rows are taken in. */
  look(batch: JournalBatch, before: Records): void {
    for (const { instanceId, number, outcome, error } of batch.attempts) {
      const token = before.instances.get(instanceId)?.life.attempt?.token ?? "";
      this.#endedAt.set(token, this.#now());
      const isWebhook = before.instances.get(instanceId)?.spec.action.kind === "webhook";
      const sent = this.#byAttempt.get(`${instanceId} ${number}`);
      this.#audit.require(
        !isWebhook || outcome !== "FAILED" || !OF_RECEIVERS.test(error?.code ?? "") || sent !== undefined,
        "an attempt that failed was sent",
        () => `attempt ${number} of ${instanceId}: ${error?.code}`,
      );
    }
    for (const { id, spec, life } of instancesOf(batch)) {
      const token = before.instances.get(id)?.life.attempt?.token;
      if (spec.action.kind === "webhook" && life.attempt !== null && life.attempt.token !== token) {
        const shutMs = this.#now() - (this.#destinations.shutSince(originOf(spec.action.url)) ?? this.#now());
        this.#audit.require(
          shutMs <= LENT_MS,
          "no attempt begins while its destination is shut",
          () => `attempt ${life.attempt?.number} of ${id}: shut for ${Math.round(shutMs)} ms`,
        );
      }
    }
  }

  /** The attempt that a result speaks of: that of the request which the receiver answered with it, or the one whose token it has. */
  tokenOf({ life: { result } }: InstanceRecord): unknown {
    const response = result?.["response"];
    const number = typeof response === "object" && response !== null && "request" in response ? response.request : null;
    if (typeof number !== "number") {
      return result?.["token"];
    }
    const sent = this.#byNumber.get(number);
    return sent?.isTaken === true ? sent.token : undefined;
  }

  begin(life: Life, { url, headers }: WebhookRequest): Sent {
    const origin = originOf(url);
    const instanceId = headers["webhook-id"] ?? "";
    const attempt = Number(headers["Belfry-Attempt"]);
    const shard = shardOf(origin, this.#shardCount);
    const sent: Sent = {
      number: this.#byNumber.size + 1,
      origin,
      instanceId,
      attempt,
      token: headers["Belfry-Attempt-Token"] ?? this.#lives.tokenOf(instanceId, attempt) ?? "",
      activation: `${life.name} at ${this.#epochs.get(`${life.name} ${shard}`)}, ${origin}`,
      at: this.#now(),
      isTaken: false,
    };
    this.#lookAtAttempt(sent);
    this.#lookAtOrder(sent);
    const activation = this.#activationOf(sent);
    if (this.#fences.ownerOf(shard) === life.name) {
      this.#lookAtBreaker(sent, activation);
    }
    this.#byNumber.set(sent.number, sent);
    this.#byAttempt.set(`${instanceId} ${attempt}`, sent);
    activation.underWay.add(sent);
    life.onDeath(() => this.end(sent));
    this.#lookAtBounds(sent, activation);
    return sent;
  }

  took(sent: Sent): void {
    sent.isTaken = true;
  }

  /** Whoever sent it waits no more. */
  end(sent: Sent): void {
    this.#activationOf(sent).underWay.delete(sent);
  }

  #lookAtAttempt(sent: Sent): void {
    const { instanceId, attempt, token } = sent;
    const earlier = this.#byAttempt.get(`${instanceId} ${attempt}`);
    this.#audit.require(
      earlier === undefined,
      "an attempt is sent once",
      () => `${textOf(sent)} was sent before, as ${earlier?.token}`,
    );
    this.handOut(token);
    const endedAt = this.#endedAt.get(token) ?? Number.POSITIVE_INFINITY;
    this.#audit.require(
      this.#now() - endedAt <= LATE_MS,
      "nothing is sent long after its attempt is over",
      () => `${textOf(sent)} was over ${Math.round(this.#now() - endedAt)} ms before`,
    );
  }

  /** Nobody goes before those before it with the same ordering key. */
  #lookAtOrder(sent: Sent): void {
    const { instances, born } = this.#records;
    const record = instances.get(sent.instanceId);
    if (record === undefined || record.spec.orderingKey === "" || record.life.series > 0 || isFinal(record.state)) {
      return;
    }
    const { definitionId, orderingKey } = record.spec;
    const ahead = [...this.#records.unfinishedOf(definitionId ?? "")].find((id) => {
      const older = instances.get(id);
      return (
        id < record.id &&
        older?.spec.orderingKey === orderingKey &&
        older.life.series === 0 &&
        (born.get(id) ?? 0) < (born.get(record.id) ?? 0)
      );
    });
    this.#audit.require(
      ahead === undefined,
      "requests with one ordering key go one after the other",
      () => `${textOf(sent)} with key ${orderingKey}, before ${ahead} has ended`,
    );
  }

  #lookAtBreaker(sent: Sent, { underWay }: Activation): void {
    const shutSince = this.#destinations.shutSince(sent.origin);
    this.#audit.require(
      shutSince === null,
      "nothing is sent to a destination that is shut",
      () => `${textOf(sent)}: shut for ${Math.round(this.#now() - (shutSince ?? 0))} ms`,
    );
    const halfOpenSince = this.#destinations.halfOpenSince(sent.origin);
    const probe = halfOpenSince === null ? undefined : [...underWay].find(({ at }) => at >= halfOpenSince);
    this.#audit.require(
      probe === undefined,
      "a breaker that is half open lets one try",
      () => `${textOf(sent)} beside ${probe && textOf(probe)}`,
    );
  }

  /** With this one. */
  #lookAtBounds(sent: Sent, activation: Activation): void {
    const { origin, at } = sent;
    const { underWay } = activation;
    const oldest = Math.min(...[...underWay].map((each) => each.at));
    const bounds = this.#destinations.boundsSince(origin, Math.min(oldest, at) - SETTLING_MS);
    const most = Math.max(...bounds.map(({ maxConcurrent }) => maxConcurrent));
    this.#audit.require(
      underWay.size <= most,
      "a destination gets no more at a time than it may bear",
      () => `${textOf(sent)} beside ${underWay.size - 1} others, ${most} may be`,
    );
    const [rate, ...otherRates] = [...new Set(bounds.map((each) => JSON.stringify(each.rate)))];
    const limit = bounds[0]?.rate ?? null;
    if (limit === null || rate === undefined || otherRates.length > 0) {
      // It begins with a full bucket when the rate has settled.
      activation.tokens = Number.POSITIVE_INFINITY;
      return;
    }
    const { perSecond, burst } = limit;
    // Clocks run a little fast.
    const refilled = activation.tokens + ((at - activation.at) / 1000) * perSecond * 1.02;
    activation.tokens = Math.min(refilled, burst) - 1;
    activation.at = at;
    this.#audit.require(
      activation.tokens > -0.5,
      "a destination gets no more in a second than it may bear",
      () => `${textOf(sent)}: ${perSecond} a second, ${burst} at once; ${activation.tokens}`,
    );
  }

  #activationOf({ activation: name, at }: Sent): Activation {
    let activation = this.#activations.get(name);
    if (activation === undefined) {
      activation = { underWay: new Set(), tokens: Number.POSITIVE_INFINITY, at };
      this.#activations.set(name, activation);
    }
    return activation;
  }
}

function textOf({ number, instanceId, attempt, activation, origin }: Sent): string {
  return `request ${number} of attempt ${attempt} of ${instanceId} to ${origin} by ${activation}`;
}
