/**
 * What the platform has acknowledged of a session's items, and under which ids.
 *
 * An item is the todo `{session}_{item}`. One that needs another todo (it was handed over by completing the old one, or is open again) gets
 * `{session}_{item}_{numbers of those who have it}`, and `….2`, `….3` when those had it before: so a plan made again names the same todo again.
 */
import type { PushFacts } from "../../domain/approval/push-facts.ts";
import type { WorkItem } from "../../domain/approval/session.ts";
import { TODO } from "./status.ts";

interface Known {
  readonly id: string;
  readonly status: string;
  readonly at: number;
}

export class Standing {
  /** Oldest first, none twice. */
  readonly items: readonly WorkItem[];
  readonly #facts: PushFacts;
  readonly #byPlainId: ReadonlyMap<string, WorkItem>;
  readonly #known = new Map<WorkItem, Known[]>();

  constructor(facts: PushFacts) {
    this.#facts = facts;
    const all = [...facts.items, ...(facts.item === null ? [] : [facts.item])];
    this.items = [...new Map(all.map((item) => [item.id, item])).values()];
    this.#byPlainId = new Map(this.items.map((item) => [this.plainIdOf(item), item]));
    for (const [id, { status, at }] of facts.acknowledged) {
      const owner = this.ownerOf(id);
      if (owner === null) continue;
      const known = this.#known.get(owner) ?? [];
      known.push({ id, status, at });
      this.#known.set(owner, known);
    }
  }

  plainIdOf(item: WorkItem): string {
    return `${this.#facts.session.id}_${item.id}`;
  }

  /** The item that stands behind a third id; null: none of this session. */
  ownerOf(id: string): WorkItem | null {
    for (let end = id.length; end > 0; end = id.lastIndexOf("_", end - 1)) {
      const owner = this.#byPlainId.get(id.slice(0, end));
      if (owner !== undefined) return owner;
    }
    return null;
  }

  /** All ids that the platform knows it by. */
  knownIdsOf(item: WorkItem): readonly string[] {
    return (this.#known.get(item) ?? []).map(({ id }) => id);
  }

  /** The id under which the platform has it now: its open todo, else its latest, else the one it would get first. */
  idOf(item: WorkItem): string {
    return this.#latestOf(item)?.id ?? this.plainIdOf(item);
  }

  /** What the platform believes under that id; null: nothing that it has acknowledged. */
  statusOf(item: WorkItem): string | null {
    return this.#latestOf(item)?.status ?? null;
  }

  #latestOf(item: WorkItem): Known | undefined {
    const known = (this.#known.get(item) ?? []).toSorted((one, other) => one.at - other.at);
    return known.findLast(({ status }) => status === TODO) ?? known.at(-1);
  }

  /** The id of a further todo for those who have it now. */
  nextIdOf(item: WorkItem, numbers: readonly string[]): string {
    const taken = new Set(this.knownIdsOf(item));
    const first = this.#idFor(item, numbers);
    let id = first;
    for (let turn = 2; taken.has(id) || this.#byPlainId.has(id); turn += 1) {
      id = `${first}.${turn}`;
    }
    return id;
  }

  /** Whether its todo was made for exactly these. */
  isMadeFor(item: WorkItem, numbers: readonly string[]): boolean {
    const id = this.idOf(item);
    const first = this.#idFor(item, numbers);
    return id === first || id.startsWith(`${first}.`);
  }

  #idFor(item: WorkItem, numbers: readonly string[]): string {
    return `${this.plainIdOf(item)}_${numbers.join("-")}`;
  }
}
