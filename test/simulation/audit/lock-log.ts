/** What may happen to a lock, told by the events of the log and by its row, and held against each other. */
import type { StatusEvent } from "../../../src/domain/event/status-event.ts";
import { lockOfState } from "../../../src/domain/lock/lock.ts";
import type { LockRecord } from "../../../src/domain/lock/lock.ts";
import { shardOf } from "../../../src/domain/routing.ts";
import type { JournalBatch } from "../../../src/ports/store/journal.ts";
import type { ActorStateRecord } from "../../../src/ports/store/actor-states.ts";
import type { Audit } from "./audit.ts";

/** Who has a lock, by the log. */
export interface LoggedHold {
  readonly holder: string;
  readonly token: number;
  readonly ttlMs: number;
  /** When it was granted or renewed last, by the commit. */
  readonly grantedAt: number;
  /** Of the owner who did that. */
  readonly epoch: number;
}

interface Known {
  /** Null: nobody has written it. */
  record: LockRecord | null;
  token: number;
  hold: LoggedHold | null;
  ended: LockRecord["ended"];
  /** Of the commit that was seen last. */
  epoch: number;
}

/** Is told of each end of a hold, as it becomes durable. */
type Ended = (name: string, hold: LoggedHold, how: "released" | "expired") => void;

export class LockLog {
  readonly #audit: Audit;
  readonly #now: () => number;
  readonly #shardCount: number;
  readonly #known = new Map<string, Known>();
  readonly #grants = new Map<string, number>();
  ended: Ended = () => {};
  /** Holds that began. */
  granted = 0;

  constructor(deps: { readonly audit: Audit; readonly now: () => number; readonly shardCount: number }) {
    this.#audit = deps.audit;
    this.#now = deps.now;
    this.#shardCount = deps.shardCount;
  }

  look({ events, actorStates, fences }: JournalBatch): void {
    const epochs = new Map(fences.map(({ shard, epoch }) => [shard, epoch]));
    const touched = new Set<string>();
    for (const event of events) {
      if (event.resource === "lock") {
        touched.add(event.resourceId);
        this.#hear(event, epochs.get(event.shard) ?? 0);
      }
    }
    for (const { kind, id, shard, state } of actorStates) {
      if (kind === "lock") {
        touched.delete(id);
        this.#take(lockOfState(id, shard, state), epochs.get(shard) ?? 0);
      }
    }
    this.#audit.require(
      touched.size === 0,
      "a lock's row is written with its events",
      () => `nothing was written of ${[...touched].join(", ")}`,
    );
  }

  names(): readonly string[] {
    return [...this.#known.keys()];
  }

  /** As it was written last; null: nobody has. */
  record(name: string): LockRecord | null {
    return this.#of(name).record;
  }

  hold(name: string): LoggedHold | null {
    return this.#of(name).hold;
  }

  /** The token of whoever has it, or had it last. */
  token(name: string): number {
    return this.#of(name).token;
  }

  epoch(name: string): number {
    return this.#of(name).epoch;
  }

  /** The token that this holder was granted; undefined: none. Each is granted one lock, once. */
  tokenOf(holder: string): number | undefined {
    return this.#grants.get(holder);
  }

  /** What the store lists is what was committed. */
  listed(rows: readonly ActorStateRecord[]): void {
    const written = [...this.#known].filter(([, { record }]) => record !== null);
    this.#audit.require(
      rows.length === written.length &&
        rows.every(({ id, shard, state }) => sameLock(lockOfState(id, shard, state), this.#of(id).record)),
      "locks are listed as they were committed",
      () => `listed ${JSON.stringify(rows)}; committed ${JSON.stringify(written.map(([, { record }]) => record))}`,
    );
  }

  #hear({ resourceId: name, name: what, shard, sequence, data }: StatusEvent, epoch: number): void {
    const known = this.#of(name);
    const { hold } = known;
    const wrong = (why: string): void =>
      this.#audit.found("events of a lock are legal", `${name}: "${what}" (${shard}-${sequence}): ${why}`);
    const { holder, token, ttlMs } = data as unknown as Pick<LoggedHold, "holder" | "token" | "ttlMs">;
    known.epoch = epoch;
    if (what === "acquired") {
      this.granted++;
      if (hold !== null) {
        wrong(`${hold.holder} had it by ${hold.token}`);
      }
      this.#audit.require(
        token === known.token + 1,
        "tokens of a lock grow by one with each holder",
        () => `${name}: ${holder} got ${token} after ${known.token}`,
      );
      this.#audit.require(
        !this.#grants.has(holder),
        "a lock that is asked for once is granted once",
        () => `${name}: ${holder} got ${token}, and ${this.#grants.get(holder)} before`,
      );
      this.#grants.set(holder, token);
      Object.assign(known, { token, hold: { holder, token, ttlMs, grantedAt: this.#now(), epoch } });
    } else if (what === "released" || what === "expired") {
      if (hold?.token !== token || hold.holder !== holder) {
        wrong(`it speaks of ${holder} by ${token}; ${hold?.holder ?? "nobody"} had it by ${hold?.token}`);
      }
      Object.assign(known, { hold: null, ended: what });
      if (hold !== null) {
        this.ended(name, hold, what);
      }
    }
  }

  #take(record: LockRecord, epoch: number): void {
    const { name, shard, token, hold, ended } = record;
    const known = this.#of(name);
    const { hold: told } = known;
    this.#audit.require(
      shard === shardOf(name, this.#shardCount) &&
        token === known.token &&
        hold?.holder === told?.holder &&
        (hold !== null || ended === known.ended),
      "rows say what events say",
      () => `${JSON.stringify(record)}; told ${known.token}, ${JSON.stringify(told)}, ${known.ended}`,
    );
    if (hold !== null && told !== null) {
      known.hold = { ...told, ttlMs: hold.ttlMs, grantedAt: this.#now(), epoch };
    }
    known.epoch = epoch;
    known.record = record;
  }

  #of(name: string): Known {
    let known = this.#known.get(name);
    if (known === undefined) {
      known = { record: null, token: 0, hold: null, ended: null, epoch: 0 };
      this.#known.set(name, known);
    }
    return known;
  }
}

export function sameLock(one: LockRecord, other: LockRecord | null): boolean {
  return (
    other !== null &&
    one.token === other.token &&
    one.ended === other.ended &&
    JSON.stringify(one.hold) === JSON.stringify(other.hold)
  );
}
