/**
 * What waits in a queue with one priority for one definition: oldest first by instance id, which grows with age.
 *
 * Only the front stands in memory. What comes when the front is full stays in the store and is counted as the tail; from then on new entries
 * join the tail, until the front has been refilled past it, so that age decides whatever the length.
 */
export interface Waiting {
  readonly instanceId: string;
  readonly shard: number;
}

export class Lane {
  readonly priority: number;
  readonly definitionId: string;
  /** How often it was served, in the queue's virtual time: the lane served least goes first. */
  served = 0;
  /** Whether it stands in the queue's heap. */
  ranked = false;
  tail = 0;
  #front: Waiting[] = [];
  #start = 0;

  constructor(priority: number, definitionId: string) {
    this.priority = priority;
    this.definitionId = definitionId;
  }

  get length(): number {
    return this.#front.length - this.#start;
  }

  get head(): Waiting | undefined {
    return this.#front[this.#start];
  }

  /** The id of the last entry in memory; empty when none is. */
  get lastId(): string {
    return this.length === 0 ? "" : (this.#front.at(-1)?.instanceId ?? "");
  }

  push(entry: Waiting): void {
    if (this.length === 0 || entry.instanceId > this.lastId) {
      this.#front.push(entry);
      return;
    }
    let low = this.#start;
    let high = this.#front.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#front[middle] as Waiting).instanceId < entry.instanceId) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    if (this.#front[low]?.instanceId !== entry.instanceId) {
      this.#front.splice(low, 0, entry);
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

  remove(instanceId: string): boolean {
    for (let index = this.#start; index < this.#front.length; index++) {
      if (this.#front[index]?.instanceId === instanceId) {
        this.#front.splice(index, 1);
        return true;
      }
    }
    return false;
  }

  /** Lets go of the entries of shards that are no longer this node's. */
  keep(isOurs: (shard: number) => boolean): void {
    this.#front = this.#front.slice(this.#start).filter((entry) => isOurs(entry.shard));
    this.#start = 0;
  }
}
