/**
 * Locks as their holders see them. A holder that was told that it has a lock may count on it from then on, for the TTL from when it first asked, by
 * a clock of its own; so it holds until then, unless it lets go before. Never may two count on one lock at a time.
 *
 * Two things are allowed for. The clocks of machines run faster or slower than the true time by 1 % at most, so holders count 1 % less. And where the
 * times of day of machines differ by more than a second, an owner that took a lock over may end its hold early by as much (K5 of the runtime's locks):
 * then what the lock protects refuses the holder.
 */
import type { ErrorReason } from "../../../src/domain/error.ts";
import type { LockRecord } from "../../../src/domain/lock/lock.ts";
import type { LockView } from "../../../src/runtime/index.ts";
import type { Audit } from "./audit.ts";
import type { LockLog, LoggedHold } from "./lock-log.ts";
import { isDefinite } from "./promises.ts";

/** The slowest clock that counts, by the fastest. */
const RATE = 0.99;
/** By how much times of day may differ without a hold ending early. */
const SKEW_MS = 1000;
/** Clocks tell whole milliseconds. */
const ROUNDED_MS = 2;

interface Believer {
  readonly holder: string;
  readonly token: number;
  until: number;
  /** The same by what each owner, known by its epoch, has granted: an owner goes by its own clock. */
  readonly untilBy: Map<number, number>;
  /** When renewals were asked for of which nobody knows what became. */
  readonly renewals: Set<number>;
}

/** An acquisition, as its caller asked for it. */
export interface AskedHold {
  readonly name: string;
  /** Nobody else calls itself so. */
  readonly holder: string;
  readonly askedAt: number;
}

/** A command of a holder. */
export interface AskedOfHold {
  readonly name: string;
  readonly token: number;
  readonly askedAt: number;
  /** The hold of the token by the log, when it was asked; null: it had none, or it is not known how long it is to last. */
  readonly logged: LoggedHold | null;
}

export class LockHolds {
  readonly #audit: Audit;
  readonly #now: () => number;
  readonly #log: LockLog;
  /** By how much the times of day of two machines may differ. */
  readonly #spreadMs: number;
  readonly #believers = new Map<string, Map<number, Believer>>();
  /** Of each holder that asked: whether anything came that leaves open what became of it. */
  readonly #asked = new Map<string, { readonly name: string; isRefused: boolean; isUnknown: boolean }>();
  /** Tokens that somebody has asked to release. */
  readonly #lettingGo = new Set<string>();
  /** The greatest token that anybody was told of. */
  readonly #told = new Map<string, number>();

  constructor(deps: { audit: Audit; now: () => number; log: LockLog; spreadMs: number }) {
    this.#audit = deps.audit;
    this.#now = deps.now;
    this.#log = deps.log;
    this.#spreadMs = deps.spreadMs;
    this.#log.ended = (...ended) => this.#ended(...ended);
  }

  /** Whether the holder may think, by all it knows, that it has the lock. */
  mayCountOn(name: string, token: number): boolean {
    return this.#counts(name, this.#of(name).get(token));
  }

  asks({ name, holder }: AskedHold): void {
    this.#asked.set(holder, { name, isRefused: false, isUnknown: false });
  }

  /** As the answer leaves the node. */
  granted({ name, holder, askedAt }: AskedHold, { record }: LockView): void {
    const { token, hold } = record;
    const believers = this.#of(name);
    const known = believers.get(token);
    this.#audit.require(
      hold?.holder === holder && (known === undefined || known.holder === holder),
      "a token is told to one holder",
      () => `${name}: ${holder} was answered with ${token} of ${hold?.holder}, which ${known?.holder} had`,
    );
    this.#audit.require(
      this.#log.tokenOf(holder) === token,
      "what is acknowledged is durable",
      () => `${name}: ${holder} was told ${token}; the log has ${this.#log.tokenOf(holder)}`,
    );
    if (known === undefined) {
      const fresh = { holder, token, until: 0, untilBy: new Map<number, number>(), renewals: new Set<number>() };
      believers.set(token, fresh);
      this.#count(fresh, askedAt, record);
    }
    this.#tell(name, token);
    this.#requireHeld(name, token);
    this.#requireOne(name);
  }

  /** A command of the holder is about to be sent. */
  commands(name: string, token: number): AskedOfHold {
    const hold = this.#log.hold(name);
    // Of a renewal that was not answered nobody knows since when it counts.
    const isKnown = hold?.token === token && (this.#of(name).get(token)?.renewals.size ?? 0) === 0;
    return { name, token, askedAt: this.#now(), logged: isKnown ? hold : null };
  }

  renews({ name, token, askedAt }: AskedOfHold): void {
    this.#of(name).get(token)?.renewals.add(askedAt);
  }

  /** As the answer leaves the node. */
  renewed(asked: AskedOfHold, { record }: LockView): void {
    const { name, token, askedAt } = asked;
    const believer = this.#of(name).get(token);
    this.#audit.require(
      record.token === token && record.hold !== null,
      "a lock is renewed for its holder",
      () => `${name}: ${token} was answered with ${JSON.stringify(record)}`,
    );
    this.#requireInTime(asked, "renewed");
    if (believer !== undefined) {
      this.#count(believer, askedAt, record);
    }
    believer?.renewals.delete(askedAt);
    this.#tell(name, token);
    this.#requireHeld(name, token);
    this.#requireOne(name);
  }

  /** Somebody asks to release it: nobody counts on it any more. */
  letsGo({ name, token }: AskedOfHold): void {
    this.#lettingGo.add(`${name} ${token}`);
  }

  /** As the answer leaves the node. */
  released(asked: AskedOfHold, { record }: LockView): void {
    const { name, token } = asked;
    this.#audit.require(
      this.#log.token(name) >= token && this.#log.hold(name)?.token !== token && record.token >= token,
      "what is acknowledged is durable",
      () => `${name}: ${token} is released; the log has ${JSON.stringify(this.#log.hold(name))}`,
    );
    this.#requireInTime(asked, "released");
  }

  /** The holder is told that the lock is its no more. */
  lost({ name, token, askedAt }: AskedOfHold): void {
    const believer = this.#of(name).get(token);
    believer?.renewals.delete(askedAt);
    this.#audit.require(
      !this.#counts(name, believer, this.#earlyMs),
      "whoever has a lock is not told that it is lost",
      () => `${name}: ${textOf(believer)} was told so`,
    );
    if (believer !== undefined) {
      believer.until = Math.min(believer.until, this.#now());
    }
  }

  /** What the lock protects has refused this token, having seen a greater one. */
  fenced(name: string, token: number, greatest: number): void {
    const believer = this.#of(name).get(token);
    this.#audit.require(
      !this.#counts(name, believer, this.#earlyMs) && greatest <= this.#log.token(name),
      "what a lock protects refuses stale tokens only",
      () => `${name}: ${textOf(believer)} was refused after ${greatest}; the log is at ${this.#log.token(name)}`,
    );
  }

  /** What a question asked now must know of at least. */
  seen(name: string): number {
    return this.#told.get(name) ?? 0;
  }

  /** As the answer leaves the node. @param seen what had been told when it was asked. */
  read(name: string, seen: number, { record: { token, hold } }: LockView): void {
    this.#audit.require(
      token >= seen && token <= this.#log.token(name),
      "a lock is read as it was told last",
      () => `${name}: read ${token}; ${seen} was told before, the log is at ${this.#log.token(name)}`,
    );
    if (hold === null) {
      const believer = [...this.#of(name).values()].find((each) => this.#counts(name, each, this.#earlyMs));
      this.#audit.require(
        believer === undefined || believer.token > token,
        "a lock that is held is said to be held",
        () => `${name}: read as free after ${token}; ${textOf(believer)} counts on it`,
      );
    }
  }

  /** The caller hears that it does not get it. */
  refused(holder: string, reason: ErrorReason): void {
    const asked = this.#asked.get(holder);
    if (asked === undefined) {
      return;
    }
    if (isDefinite(reason)) {
      asked.isRefused = true;
      return;
    }
    // That it was lost says that it was granted.
    asked.isUnknown = true;
    this.#audit.require(
      reason !== "LOCK_LOST" || this.#log.tokenOf(holder) !== undefined,
      "only what was granted is lost",
      () => `${asked.name}: ${holder} was told so, and had nothing`,
    );
  }

  /** It asked without a request id, and went away while it waited. */
  leaves(holder: string): void {
    this.refused(holder, "LOCK_HELD");
  }

  unknown(holder: string): void {
    const asked = this.#asked.get(holder);
    if (asked !== undefined) {
      asked.isUnknown = true;
    }
  }

  /** At the end: who was refused for certain was granted nothing. */
  kept(): void {
    for (const [holder, { name, isRefused, isUnknown }] of this.#asked) {
      const token = this.#log.tokenOf(holder);
      this.#audit.require(
        !isRefused || isUnknown || token === undefined || this.#of(name).get(token)?.holder === holder,
        "what is refused is not done",
        () => `${name}: ${holder} was refused, and has been granted ${token}`,
      );
    }
  }

  /** It was told that the hold lasts so long from when it asked. */
  #count(believer: Believer, askedAt: number, { name, token, hold }: LockRecord): void {
    const until = askedAt + (hold?.ttlMs ?? 0) * RATE;
    const logged = this.#log.record(name);
    const isLast = logged?.token === token && logged.hold?.grantedAt === hold?.grantedAt;
    believer.until = Math.max(believer.until, until);
    if (isLast) {
      const epoch = this.#log.epoch(name);
      believer.untilBy.set(epoch, Math.max(until, believer.untilBy.get(epoch) ?? 0));
    }
  }

  #ended(name: string, hold: LoggedHold, how: "released" | "expired"): void {
    const believer = this.#of(name).get(hold.token);
    if (how === "released") {
      this.#audit.require(
        this.#lettingGo.has(`${name} ${hold.token}`),
        "a lock is released when its holder asks for it",
        () => `${name}: ${hold.holder} has not asked to release ${hold.token}`,
      );
    } else {
      // The owner's own word holds to the moment.
      const until = believer?.untilBy.get(this.#log.epoch(name)) ?? 0;
      this.#audit.require(
        !this.#counts(name, believer, this.#earlyMs) && !this.#counts(name, believer && { ...believer, until }),
        "a hold that was acknowledged is honoured until its time is up",
        () => `${name}: the hold of ${textOf(believer)} has expired`,
      );
    }
  }

  /** What comes from the holder counts only while the time of the hold is not up. */
  #requireInTime({ name, token, askedAt, logged }: AskedOfHold, what: string): void {
    if (logged === null) {
      return;
    }
    const isSameOwner = logged.epoch === this.#log.epoch(name);
    const allowedMs = isSameOwner ? 0 : SKEW_MS + this.#spreadMs;
    const overAt = logged.grantedAt + logged.ttlMs / RATE + allowedMs + ROUNDED_MS;
    this.#audit.require(
      askedAt <= overAt,
      "a hold is over when its time is up",
      () =>
        `${name}: ${token} was ${what}, asked after ${askedAt.toFixed(1)} ms; its time was up after ${overAt.toFixed(1)} ms`,
    );
  }

  /** Whoever was told that it has the lock has it. */
  #requireHeld(name: string, token: number): void {
    const believer = this.#of(name).get(token);
    this.#audit.require(
      !this.#counts(name, believer, this.#earlyMs) || this.#log.hold(name)?.token === token,
      "what is acknowledged is durable",
      () => `${name}: ${textOf(believer)} counts on it; the log has ${JSON.stringify(this.#log.hold(name))}`,
    );
  }

  #requireOne(name: string): void {
    const counting = [...this.#of(name).values()].filter((believer) => this.#counts(name, believer, this.#earlyMs));
    this.#audit.require(
      counting.length <= 1,
      "never do two hold a lock by valid tokens",
      () => `${name}: ${counting.map(textOf).join(" and ")}`,
    );
  }

  /** @param earlyMs by how much its hold may have ended early. */
  #counts(name: string, believer: Believer | undefined, earlyMs = 0): boolean {
    return (
      believer !== undefined &&
      !this.#lettingGo.has(`${name} ${believer.token}`) &&
      believer.until - earlyMs > this.#now()
    );
  }

  get #earlyMs(): number {
    return this.#spreadMs > SKEW_MS ? this.#spreadMs - SKEW_MS + ROUNDED_MS : 0;
  }

  #tell(name: string, token: number): void {
    this.#told.set(name, Math.max(token, this.seen(name)));
  }

  #of(name: string): Map<number, Believer> {
    const believers = this.#believers.get(name) ?? new Map<number, Believer>();
    this.#believers.set(name, believers);
    return believers;
  }
}

function textOf(believer: Believer | undefined): string {
  return believer === undefined
    ? "nobody"
    : `${believer.holder} (token ${believer.token}, until ${believer.until.toFixed(1)} ms)`;
}
