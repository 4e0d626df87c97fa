/**
 * How long the machine itself stood still, for claims about time: a thread that has nothing to do but to wake every few milliseconds, and notes
 * when it could not. What keeps even that thread waiting, keeps a node waiting at least as long.
 */
import { Worker } from "node:worker_threads";

/** What the thread is given: how often it wakes, what counts, and where it writes, for both threads to see. */
export interface StallRecord {
  readonly tickMs: number;
  /** A timer that is a little late is no stall. */
  readonly leastMs: number;
  /** Put before others, as what is measured is. */
  readonly favoured: boolean;
  /** Beginning and end of each stall, in epoch milliseconds. */
  readonly moments: Float64Array<SharedArrayBuffer>;
  /** How many stalls there are. */
  readonly count: Int32Array<SharedArrayBuffer>;
}

export interface StallMeter extends AsyncDisposable {
  /** How long the machine stood still between these instants (epoch milliseconds), in all. */
  within(from: number, to: number): number;
  /** The longest so far, in milliseconds. */
  longest(): number;
}

const MOST_STALLS = 100_000;

/** @param favoured whether what is measured is put before all else that runs (priority.ts): then the meter is, too. */
export function measureStalls({ favoured = false }: { readonly favoured?: boolean } = {}): StallMeter {
  const record: StallRecord = {
    tickMs: 5,
    leastMs: 10,
    favoured,
    moments: new Float64Array(new SharedArrayBuffer(MOST_STALLS * 2 * Float64Array.BYTES_PER_ELEMENT)),
    count: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)),
  };
  const thread = new Worker(new URL("stall-thread.ts", import.meta.url), { workerData: record });
  thread.unref();
  /** The sum, or whatever else, over all stalls. */
  const over = (combine: (result: number, from: number, to: number) => number): number => {
    let result = 0;
    for (let index = 0; index < Atomics.load(record.count, 0); index++) {
      result = combine(result, record.moments[2 * index] ?? 0, record.moments[2 * index + 1] ?? 0);
    }
    return result;
  };
  return {
    within: (from, to) => over((sum, begun, ended) => sum + Math.max(0, Math.min(to, ended) - Math.max(from, begun))),
    longest: () => over((longest, begun, ended) => Math.max(longest, ended - begun)),
    [Symbol.asyncDispose]: async () => {
      await thread.terminate();
    },
  };
}
