/**
 * What waits in a queue with one priority for one definition: oldest first by instance id, which grows with age.
 *
 * Only the front stands in memory. What comes when the front is full stays in the store and is counted as the tail. A lane knows up to which
 * id its front is complete, and reads on from there (L1); whoever is older than that comes to the front, and pushes the youngest of it to the
 * tail when there is no room. So age decides whatever the length, also for those that come back with an old id after a failed attempt.
 *
 * The length of the tail is an estimate, but it is zero only when the store has no more (L2): one reading that finds nothing sets it right.
 * While a reading is under way, who joins the tail may or may not be part of it, so the lane takes them as unread (L3).
 */
export interface Waiting {
  readonly instanceId: string;
  readonly shard: number;
}

export class Lane {
  readonly priority: number;
  readonly definitionId: string;
  /** How often it was served, in the virtual time of its priority: the lane served least goes first. */
  served = 0;
  /** Whether it stands in the queue's heap. */
  ranked = false;
  #tail = 0;
  /** All entries up to this id stand in the front; null: all there are. Not null while there is a tail. */
  #completeTo: string | null = null;
  /** Who joined the tail since the last reading began, and the smallest id of theirs. */
  #joined = 0;
  #joinedFrom: string | null = null;
  #front: Waiting[] = [];
  #start = 0;

  constructor(priority: number, definitionId: string) {
    this.priority = priority;
    this.definitionId = definitionId;
  }

  get length(): number {
    return this.#front.length - this.#start;
  }

  /** How many wait in the store only. */
  get tail(): number {
    return this.#tail;
  }

  get head(): Waiting | undefined {
    return this.#front[this.#start];
  }

  /** The id of the last entry in memory; empty when none is. */
  get lastId(): string {
    return this.length === 0 ? "" : (this.#front.at(-1)?.instanceId ?? "");
  }

  /** Whether an entry belongs to the front by its age. */
  isFront(instanceId: string): boolean {
    return this.#completeTo === null || instanceId <= this.#completeTo;
  }

  push(entry: Waiting): void {
    if (this.length === 0 || entry.instanceId > this.lastId) {
      this.#front.push(entry);
      return;
    }
    const place = this.#placeOf(entry.instanceId);
    if (this.#front[place]?.instanceId !== entry.instanceId) {
      this.#front.splice(place, 0, entry);
    }
  }

  shift(): Waiting | undefined {
    const head = this.#front[this.#start];
    if (head !== undefined) {
      this.#start++;
      if (this.#start > 1024 && this.#start * 2 > this.#front.length) {
        this.#front = this.#front.slice(this.#start);
        this.#start = 0;
      }
    }
    return head;
  }

  /** Leaves the youngest of the front to the store. */
  displace(): Waiting | undefined {
    const last = this.length === 0 ? undefined : this.#front.pop();
    if (last !== undefined) {
      this.leave(last.instanceId);
    }
    return last;
  }

  /** Leaves an entry to the store. */
  leave(instanceId: string): void {
    this.#tail++;
    this.#join(1, instanceId);
    if (this.isFront(instanceId)) {
      this.#completeTo = this.lastId < instanceId ? this.lastId : "";
    }
  }

  /** So many more are in the store, of any age; some of them may stand in the front. */
  addTail(count: number): void {
    this.#tail += count;
    this.#join(count, "");
    this.#completeTo = "";
  }

  remove(instanceId: string): boolean {
    const place = this.#placeOf(instanceId);
    if (this.#front[place]?.instanceId === instanceId) {
      this.#front.splice(place, 1);
      return true;
    }
    // It was counted in the tail, if at all: only a reading tells that the tail is empty (L2).
    this.#tail = this.#tail > 1 ? this.#tail - 1 : this.#tail;
    return false;
  }

  /** Begins a reading of the tail. @returns the id after which to read (L1). */
  beginReading(): string {
    this.#joined = 0;
    this.#joinedFrom = null;
    return this.#completeTo ?? this.lastId;
  }

  /** What was read is in the front. `readTo`: the last id that was read; null: the store had no more. L3. */
  endReading(count: number, readTo: string | null): void {
    if (readTo === null) {
      this.#tail = this.#joined;
      this.#completeTo = this.#joined === 0 ? null : (this.#completeTo ?? "");
    } else {
      this.#tail = Math.max(this.#joined + 1, this.#tail - count);
      if (this.#joinedFrom === null || readTo < this.#joinedFrom) {
        this.#completeTo = readTo;
      }
    }
  }

  /** Lets go of the entries of shards that are no longer this node's. */
  keep(isOurs: (shard: number) => boolean): void {
    this.#front = this.#front.slice(this.#start).filter((entry) => isOurs(entry.shard));
    this.#start = 0;
  }

  #join(count: number, from: string): void {
    this.#joined += count;
    if (this.#joinedFrom === null || from < this.#joinedFrom) {
      this.#joinedFrom = from;
    }
  }

  /** Where in the front an id stands, or would. */
  #placeOf(instanceId: string): number {
    let low = this.#start;
    let high = this.#front.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#front[middle] as Waiting).instanceId < instanceId) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
