/**
 * Who of a definition is unfinished, and who must wait for whom.
 *
 * Not durable: it is rebuilt from the unfinished instances when the supervisor comes to life. An instance is *admitted* when it may go to a
 * worker, *gated* while it waits for others of its definition. A gated instance stands in exactly one line, that of the first rule that
 * blocks it; when a rule gives way, the head of its line is looked at again and may move to another line. Lines are first in, first out.
 */
import type { ConcurrencyKey } from "../../domain/policy/keys.ts";

export interface Member {
  readonly id: string;
  readonly uniqueKey: string;
  readonly orderingKey: string;
  readonly supersedeKey: string;
  readonly concurrency: ConcurrencyKey | null;
  /** It may not run beside any other of the definition. */
  readonly exclusive: boolean;
}

const ORDERING = "ordering:";

export type Gate = "CONCURRENCY" | "BUFFERED";

export class Roster {
  readonly #members = new Map<string, Member>();
  readonly #admitted = new Set<string>();
  readonly #unique = new Map<string, string>();
  /** Unfinished members per ordering key, in order of arrival. */
  readonly #ordered = new Map<string, Set<string>>();
  /** Unfinished members per supersede key. */
  readonly #superseding = new Map<string, Set<string>>();
  /** Admitted members per concurrency key. */
  readonly #concurrent = new Map<string, number>();
  readonly #lines = new Map<string, Set<string>>();
  readonly #lineOf = new Map<string, string>();
  #maxConcurrent: number;

  /** @param maxConcurrent how many may be admitted at a time; 0 is no limit. */
  constructor(maxConcurrent: number) {
    this.#maxConcurrent = maxConcurrent;
  }

  get size(): number {
    return this.#members.size;
  }

  get gated(): number {
    return this.#lineOf.size;
  }

  /** Gated members that wait for the whole definition to be idle. */
  get buffered(): number {
    return this.#lines.get("all")?.size ?? 0;
  }

  ids(): readonly string[] {
    return [...this.#members.keys()];
  }

  /** Whether it need not wait (any more). */
  isAdmitted(id: string): boolean {
    return this.#admitted.has(id);
  }

  uniqueHolder(key: string): string | null {
    return this.#unique.get(key) ?? null;
  }

  /** Whether any unfinished member has this ordering key. */
  hasOrderingKey(key: string): boolean {
    return this.#ordered.has(key);
  }

  /** Unfinished members with a supersede key, running or not, in no order. */
  withSupersedeKey(key: string): readonly string[] {
    return [...(this.#superseding.get(key) ?? [])];
  }

  /** Takes a member in. @returns its gate, null when it is admitted. */
  add(member: Member): Gate | null {
    this.#note(member);
    return gateOf(this.#place(member));
  }

  /** Takes in a member that was admitted before this roster was made. */
  restoreAdmitted(member: Member): void {
    this.#note(member);
    this.#admit(member);
  }

  #note(member: Member): void {
    this.#members.set(member.id, member);
    if (member.uniqueKey !== "") {
      this.#unique.set(member.uniqueKey, member.id);
    }
    if (member.orderingKey !== "") {
      insert(this.#ordered, member.orderingKey, member.id);
    }
    if (member.supersedeKey !== "") {
      insert(this.#superseding, member.supersedeKey, member.id);
    }
  }

  /** Lets a member go that has ended. @returns ids that are admitted by it, in order. */
  remove(id: string): readonly string[] {
    const member = this.#members.get(id);
    if (member === undefined) {
      return [];
    }
    this.#members.delete(id);
    if (this.#unique.get(member.uniqueKey) === id) {
      this.#unique.delete(member.uniqueKey);
    }
    erase(this.#ordered, member.orderingKey, id);
    erase(this.#superseding, member.supersedeKey, id);
    this.#leaveLine(id);
    if (this.#admitted.delete(id) && member.concurrency !== null) {
      this.#leaveConcurrency(member.concurrency.key);
    }
    const lines: string[] = [];
    if (member.orderingKey !== "") {
      lines.push(`${ORDERING}${member.orderingKey}`);
    }
    if (member.concurrency !== null) {
      lines.push(`concurrency:${member.concurrency.key}`);
    }
    // Who may run beside nobody comes last: else another would be let go beside it in the same moment.
    return this.#relax([...lines, "max", "all"]);
  }

  /**
   * Takes new rules, which hold for those who wait too; each is looked at again.
   * @param exclusive whether a waiting member may not run beside others under the new rules.
   * @returns ids that are admitted by it.
   */
  review(maxConcurrent: number, exclusive: (member: Member) => boolean): readonly string[] {
    this.#maxConcurrent = maxConcurrent;
    for (const id of this.#lineOf.keys()) {
      const member = this.#members.get(id);
      if (member !== undefined && member.exclusive !== exclusive(member)) {
        this.#members.set(id, { ...member, exclusive: !member.exclusive });
      }
    }
    return this.#relax(
      [...this.#lines.keys()].toSorted((one, other) => Number(one === "all") - Number(other === "all")),
    );
  }

  #relax(lines: readonly string[]): readonly string[] {
    const released: string[] = [];
    for (const line of lines) {
      for (let head = this.#headOf(line); head !== undefined; head = this.#headOf(line)) {
        if (this.#obstacle(head) === line) {
          break;
        }
        this.#leaveLine(head.id);
        if (this.#place(head) === null) {
          released.push(head.id);
        }
      }
    }
    return released;
  }

  /** Who of a line goes first. With an ordering key that is the oldest of all who have it, whenever it joined the line. */
  #headOf(line: string): Member | undefined {
    const key = line.startsWith(ORDERING) ? line.slice(ORDERING.length) : null;
    const id = first(key === null ? this.#lines.get(line) : this.#ordered.get(key));
    return id !== undefined && this.#lineOf.get(id) === line ? this.#members.get(id) : undefined;
  }

  #place(member: Member): string | null {
    const obstacle = this.#obstacle(member);
    if (obstacle === null) {
      this.#admit(member);
    } else {
      insert(this.#lines, obstacle, member.id);
      this.#lineOf.set(member.id, obstacle);
    }
    return obstacle;
  }

  #admit(member: Member): void {
    this.#admitted.add(member.id);
    if (member.concurrency !== null) {
      this.#concurrent.set(member.concurrency.key, (this.#concurrent.get(member.concurrency.key) ?? 0) + 1);
    }
  }

  /** The line of the first rule that blocks a member, or null. */
  #obstacle(member: Member): string | null {
    if (member.exclusive && this.#admitted.size > 0) {
      return "all";
    }
    if (member.orderingKey !== "") {
      const ahead = first(this.#ordered.get(member.orderingKey));
      if (ahead !== undefined && ahead !== member.id) {
        return `${ORDERING}${member.orderingKey}`;
      }
    }
    if (
      member.concurrency !== null &&
      (this.#concurrent.get(member.concurrency.key) ?? 0) >= member.concurrency.limit
    ) {
      return `concurrency:${member.concurrency.key}`;
    }
    if (this.#maxConcurrent > 0 && this.#admitted.size >= this.#maxConcurrent) {
      return "max";
    }
    return null;
  }

  #leaveConcurrency(key: string): void {
    const left = (this.#concurrent.get(key) ?? 1) - 1;
    if (left === 0) {
      this.#concurrent.delete(key);
    } else {
      this.#concurrent.set(key, left);
    }
  }

  #leaveLine(id: string): void {
    const line = this.#lineOf.get(id);
    if (line !== undefined) {
      this.#lineOf.delete(id);
      erase(this.#lines, line, id);
    }
  }
}

function gateOf(obstacle: string | null): Gate | null {
  return obstacle === null ? null : obstacle === "all" ? "BUFFERED" : "CONCURRENCY";
}

function insert(sets: Map<string, Set<string>>, key: string, id: string): void {
  const set = sets.get(key);
  if (set === undefined) {
    sets.set(key, new Set([id]));
  } else {
    set.add(id);
  }
}

function erase(sets: Map<string, Set<string>>, key: string, id: string): void {
  const set = sets.get(key);
  if (set?.delete(id) === true && set.size === 0) {
    sets.delete(key);
  }
}

function first(set: Set<string> | undefined): string | undefined {
  return set?.values().next().value;
}
