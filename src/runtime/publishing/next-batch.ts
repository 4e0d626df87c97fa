import type { StatusEvent } from "../../domain/event/status-event.ts";
import { Waves } from "./waves.ts";

/** What is published together. */
export interface Batch {
  readonly waves: readonly (readonly StatusEvent[])[];
  /** Per shard the last sequence in it. */
  readonly upTo: ReadonlyMap<number, number>;
}

/** A resource with many events in a row would hold up all the others, as each needs a wave of its own. */
const DEPTH = 16;

/**
 * The next batch: of each shard, whose turn comes first first, its next events without a gap, until the batch is full.
 * @param lines the next events of each shard, in order.
 */
export function nextBatch(lines: Iterable<readonly StatusEvent[]>, size: number): Batch {
  const waves = new Waves(DEPTH);
  const upTo = new Map<number, number>();
  let room = size;
  for (const line of lines) {
    for (const event of line) {
      // What follows an event that was left out waits too: a cursor has no gaps.
      if (room === 0 || !waves.add(event)) {
        break;
      }
      upTo.set(event.shard, event.sequence);
      room--;
    }
    if (room === 0) {
      break;
    }
  }
  return { waves: waves.all, upTo };
}
