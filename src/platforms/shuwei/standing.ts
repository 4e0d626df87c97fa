/**
 * What the platform has acknowledged of a session's items, and under which ids.
 *
 * An item is the todo `{session}_{item}`. One that needs another todo (it was handed over by completing the old one, or is open again) gets
 * `{session}_{item}_{numbers of those who have it}`, and `….2`, `….3` when those had it before: so a plan made again names the same todo again.
 */
import type { Acknowledged, PushFacts } from "../../domain/approval/push-facts.ts";
import type { WorkItem } from "../../domain/approval/session.ts";
import { DONE, TODO } from "./status.ts";

interface Known extends Acknowledged {
  readonly id: string;
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
    for (const [id, acknowledged] of facts.acknowledged) {
      const owner = this.ownerOf(id);
      if (owner === null) continue;
      const known = this.#known.get(owner) ?? [];
      known.push({ id, ...acknowledged });
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

  /** Numbers of those who have it open there; none while it is not. */
  assigneesOf(item: WorkItem): readonly string[] {
    const latest = this.#latestOf(item);
    return latest?.status === TODO ? latest.assignees : [];
  }

  #latestOf(item: WorkItem): Known | undefined {
    const known = (this.#known.get(item) ?? []).toSorted(
      // Of those that one push told, the one that was to end the session came last.
      (one, other) => one.at - other.at || Number(endsSession(one)) - Number(endsSession(other)),
    );
    return known.findLast(({ status }) => status === TODO) ?? known.at(-1);
  }

  /** The id of a further todo for those who have it now. */
  nextIdOf(item: WorkItem, numbers: readonly string[]): string {
    const taken = new Set(this.knownIdsOf(item));
    const first = `${this.plainIdOf(item)}_${numbers.join("-")}`;
    let id = first;
    for (let turn = 2; taken.has(id) || this.#byPlainId.has(id); turn += 1) {
      id = `${first}.${turn}`;
    }
    return id;
  }
}

function endsSession({ status }: Known): boolean {
  return status !== TODO && status !== DONE;
}
