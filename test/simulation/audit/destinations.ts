/** What may happen to a destination, told by the events of the log and by its row, and held against each other. */
import type { StatusEvent } from "../../../src/domain/event/status-event.ts";
import { shardOf } from "../../../src/domain/routing.ts";
import { DEFAULT_DESTINATION_SETTINGS, destinationOfState } from "../../../src/domain/webhook/destination.ts";
import type { DestinationRecord, DestinationSettings } from "../../../src/domain/webhook/destination.ts";
import type { JournalBatch } from "../../../src/ports/store/journal.ts";
import type { DestinationView } from "../../../src/runtime/index.ts";
import type { Life } from "../world/life.ts";
import type { Audit } from "./audit.ts";

type Bounds = Pick<DestinationSettings, "maxConcurrent" | "rate">;

interface Known {
  /** Null: nobody has written it. */
  record: DestinationRecord | null;
  /** When its breaker came into its state, or it was disabled or enabled, by the commit. */
  turnedAt: number;
  turnedBy: string;
  /** Settings as they were, each with the time from which on it may have held. */
  readonly bounds: { readonly at: number; readonly bounds: Bounds }[];
  state: string;
  isDisabled: boolean;
  /** Ids of secrets by what they seal. */
  readonly secrets: Map<string, string>;
}

/** Which states an event may find its breaker in, and which it leaves it in. */
const TURNS: Readonly<Record<string, { readonly from: readonly string[]; readonly to: string }>> = {
  breaker_opened: { from: ["CLOSED", "HALF_OPEN"], to: "OPEN" },
  breaker_half_opened: { from: ["OPEN"], to: "HALF_OPEN" },
  breaker_closed: { from: ["OPEN", "HALF_OPEN", "ISOLATED"], to: "CLOSED" },
  breaker_isolated: { from: ["CLOSED", "OPEN", "HALF_OPEN", "ISOLATED"], to: "ISOLATED" },
};

export class DestinationAudit {
  readonly #audit: Audit;
  readonly #now: () => number;
  readonly #shardCount: number;
  readonly #clocksJump: boolean;
  /** Whether something was sent there by this life since then. */
  readonly #isTried: (origin: string, life: string, since: number) => boolean;
  readonly #known = new Map<string, Known>();

  constructor(deps: {
    readonly audit: Audit;
    readonly now: () => number;
    readonly shardCount: number;
    /** A node cannot tell then what was before what. */
    readonly clocksJump: boolean;
    readonly isTried: (origin: string, life: string, since: number) => boolean;
  }) {
    this.#audit = deps.audit;
    this.#now = deps.now;
    this.#shardCount = deps.shardCount;
    this.#clocksJump = deps.clocksJump;
    this.#isTried = deps.isTried;
  }

  look({ name: life }: Life, batch: JournalBatch): void {
    const touched = new Set<string>();
    for (const event of batch.events) {
      if (event.resource === "destination") {
        touched.add(event.resourceId);
        this.#hear(event);
      }
    }
    for (const { kind, id, shard, state } of batch.actorStates) {
      if (kind === "destination") {
        touched.delete(id);
        this.#take(destinationOfState(id, shard, state), life);
      }
    }
    this.#audit.require(
      touched.size === 0,
      "a destination's row is written with its events",
      () => `nothing was written of ${[...touched].join(", ")}`,
    );
  }

  /** As it was written last; null: nobody has. */
  record(origin: string): DestinationRecord | null {
    return this.#of(origin).record;
  }

  all(): readonly DestinationRecord[] {
    return [...this.#known.values()].flatMap(({ record }) => record ?? []);
  }

  /** Since when its row says that nothing may go; null: something may. */
  shutSince(origin: string): number | null {
    const { record, turnedAt } = this.#of(origin);
    const isShut = record !== null && (record.disabled !== null || /^(?:OPEN|ISOLATED)$/u.test(record.breaker.state));
    return isShut ? turnedAt : null;
  }

  /** Since when its row says that one may go at a time; null: it does not. */
  halfOpenSince(origin: string): number | null {
    const { record, turnedAt } = this.#of(origin);
    return record?.disabled === null && record.breaker.state === "HALF_OPEN" ? turnedAt : null;
  }

  /** Somebody asks for other bounds: from now on they may hold. */
  asked(origin: string, { maxConcurrent, rate }: Partial<DestinationSettings>): void {
    const known = this.#of(origin);
    const bounds = known.record?.settings ?? DEFAULT_DESTINATION_SETTINGS;
    known.bounds.push({
      at: this.#now(),
      bounds: { maxConcurrent: maxConcurrent ?? bounds.maxConcurrent, rate: rate === undefined ? bounds.rate : rate },
    });
  }

  /** Bounds that may have held at any time since `from`. */
  boundsSince(origin: string, from: number): readonly Bounds[] {
    const { bounds } = this.#of(origin);
    const first = bounds.findLastIndex(({ at }) => at <= from);
    return bounds.slice(Math.max(0, first)).map((each) => each.bounds);
  }

  /** As the answer leaves the node: what it says is durable. */
  told(what: string, { record: { origin, revision } }: DestinationView): void {
    const known = this.record(origin)?.revision ?? 0;
    this.#audit.require(
      known >= revision,
      "what is acknowledged is durable",
      () => `${what}: ${origin} at revision ${revision}; the store has ${known}`,
    );
  }

  #hear({ resourceId: origin, name, shard, sequence }: StatusEvent): void {
    const known = this.#of(origin);
    const wrong = (why: string): void =>
      this.#audit.found("events of a breaker are legal", `${origin}: "${name}" (${shard}-${sequence}): ${why}`);
    const turn = TURNS[name];
    if (turn !== undefined) {
      if (!turn.from.includes(known.state)) {
        wrong(`it was ${known.state}`);
      }
      known.state = turn.to;
    } else if (name === "disabled" || name === "enabled") {
      if (known.isDisabled === (name === "disabled")) {
        wrong("it was so before");
      }
      known.isDisabled = name === "disabled";
    }
  }

  #take(record: DestinationRecord, life: string): void {
    const { origin, shard, breaker, disabled, revision, settings, secrets } = record;
    const known = this.#of(origin);
    const before = known.record;
    this.#audit.require(
      shard === shardOf(origin, this.#shardCount) && revision >= (before?.revision ?? 0),
      "revisions grow",
      () => `destination ${origin}: revision ${revision} in shard ${shard} after ${before?.revision}`,
    );
    this.#audit.require(
      breaker.state === known.state && (disabled !== null) === known.isDisabled,
      "rows say what events say",
      () =>
        `${origin} is ${breaker.state}, ${JSON.stringify(disabled)}; told ${JSON.stringify(known.state)}, ${known.isDisabled}`,
    );
    this.#audit.require(
      (breaker.state === "OPEN") === (breaker.openUntil !== null),
      "an open breaker has an end",
      () => `${origin}: ${JSON.stringify(breaker)}`,
    );
    // By nobody's command: the probe has ended.
    const isOver =
      before?.breaker.state === "HALF_OPEN" && breaker.state !== "HALF_OPEN" && revision === before.revision;
    this.#audit.require(
      !isOver || this.#clocksJump || known.turnedBy !== life || this.#isTried(origin, life, known.turnedAt),
      "a breaker that is half open waits for its probe",
      () => `${origin} is ${breaker.state}, and nothing was tried`,
    );
    const wasDisabled = before !== null && before.disabled !== null;
    if (before?.breaker.state !== breaker.state || wasDisabled !== (disabled !== null)) {
      known.turnedAt = this.#now();
      known.turnedBy = life;
    }
    known.record = record;
    const { maxConcurrent, rate } = settings;
    known.bounds.push({ at: this.#now(), bounds: { maxConcurrent, rate } });
    for (const { id, sealed } of secrets) {
      const first = known.secrets.get(sealed) ?? id;
      known.secrets.set(sealed, first);
      this.#audit.require(
        first === id,
        "what is asked for once is made once",
        () => `${origin}: ${first} and ${id} are one rotation`,
      );
    }
  }

  #of(origin: string): Known {
    let known = this.#known.get(origin);
    if (known === undefined) {
      const { maxConcurrent, rate } = DEFAULT_DESTINATION_SETTINGS;
      known = {
        record: null,
        turnedAt: 0,
        turnedBy: "",
        bounds: [{ at: 0, bounds: { maxConcurrent, rate } }],
        state: "CLOSED",
        isDisabled: false,
        secrets: new Map(),
      };
      this.#known.set(origin, known);
    }
    return known;
  }
}
