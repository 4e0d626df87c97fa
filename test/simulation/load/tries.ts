/** How callers ask: any node, and again what may be asked again. */
import type { ErrorReason } from "../../../src/domain/error.ts";
import type { StartedRuntime } from "../../../src/runtime/runtime.ts";
import type { Promises } from "../audit/promises.ts";
import type { Records } from "../audit/records.ts";
import type { Cluster, Machine } from "../world/cluster.ts";
import type { Dice } from "../world/dice.ts";
import type { Scheduler } from "../world/scheduler.ts";
import type { Answer, RemoteCalls } from "./remote-call.ts";

export const TRIES = 8;

const RETRIED: ReadonlySet<ErrorReason> = new Set([
  "SHARD_UNAVAILABLE",
  "STORE_UNAVAILABLE",
  "OUTCOME_UNKNOWN",
  "DRAINING",
  "BUSY",
]);

export class Tries {
  readonly #time: Scheduler;
  readonly #dice: Dice;
  readonly #cluster: Cluster;
  readonly #calls: RemoteCalls;
  readonly #records: Records;
  readonly #promises: Promises;

  constructor(deps: {
    readonly time: Scheduler;
    readonly dice: Dice;
    readonly cluster: Cluster;
    readonly calls: RemoteCalls;
    readonly records: Records;
    readonly promises: Promises;
  }) {
    this.#time = deps.time;
    this.#dice = deps.dice;
    this.#cluster = deps.cluster;
    this.#calls = deps.calls;
    this.#records = deps.records;
    this.#promises = deps.promises;
  }

  /** Calls some node; what may be repeated is repeated, at any node, until it is answered for certain. */
  async make<Value>(
    what: string,
    isRepeatable: boolean,
    run: (runtime: StartedRuntime) => Promise<Value>,
    heard: (value: Value) => void = () => {},
    failed: (answer: Answer<Value>, askedAt: number) => void = () => {},
  ): Promise<Answer<Value>> {
    for (let tries = 1; ; tries++) {
      const askedAt = this.#records.logged.size;
      const answer = await this.#calls.make(this.someMachine(), what, run, heard);
      if (answer.kind !== "ok") {
        failed(answer, askedAt);
      }
      if (answer.kind === "ok" || !isRepeatable || !isTransient(answer) || tries === TRIES) {
        return answer;
      }
      await new Promise<void>((resolve) => this.#time.after(this.#dice.between(100, 1200), resolve));
    }
  }

  /** What a caller heard of an instance it asked for, when that was no answer. */
  heardOf(tag: string, answer: Answer<unknown>, askedAt: number): void {
    if (answer.kind === "refused") {
      this.#promises.refused(tag, answer.error.reason, askedAt);
    } else if (answer.kind === "broken") {
      this.#promises.unknown(tag);
    }
  }

  someMachine(): Machine {
    const { machines, living } = this.#cluster;
    // Mostly a load balancer knows who is alive.
    const [first, ...others] = this.#dice.chance(0.9) && living.length > 0 ? living : machines;
    if (first === undefined) {
      throw new Error("a cluster has machines");
    }
    return this.#dice.pick([first, ...others]);
  }
}

export function isTransient(answer: Answer<unknown>): boolean {
  return (
    answer.kind === "broken" ||
    answer.kind === "unreachable" ||
    (answer.kind === "refused" && RETRIED.has(answer.error.reason))
  );
}
