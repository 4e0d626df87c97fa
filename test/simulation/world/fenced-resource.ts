/**
 * What a lock protects: a count that every holder reads, and writes again with one more. It knows nothing of locks but the tokens that it is shown:
 * it remembers the greatest one, and refuses whoever comes with a smaller one, to read as well as to write. So whatever clocks, nodes and callers
 * do, no update is lost, as long as no token is given twice and each is greater than those before.
 */
import type { Audit } from "../audit/audit.ts";
import type { LockHolds } from "../audit/lock-holds.ts";
import type { Dice } from "./dice.ts";
import type { Scheduler } from "./scheduler.ts";

export class FencedResource {
  readonly #name: string;
  readonly #deps: {
    readonly time: Scheduler;
    readonly dice: Dice;
    readonly audit: Audit;
    readonly holds: LockHolds;
  };
  #value = 0;
  #greatest = 0;
  /** Who came with a token that was not good any more. */
  refused = 0;

  /** @param name of its lock. */
  constructor(name: string, deps: { time: Scheduler; dice: Dice; audit: Audit; holds: LockHolds }) {
    this.#name = name;
    this.#deps = deps;
  }

  /** @returns null: the token is too small. */
  read(token: number): Promise<number | null> {
    return this.#reach(token, () => this.#value);
  }

  /** One more than what was read. @returns null: the token is too small. */
  write(token: number, read: number): Promise<number | null> {
    return this.#reach(token, () => {
      this.#deps.audit.require(
        read === this.#value,
        "no update of what a lock protects is lost",
        () => `${this.#name}: ${token} has read ${read} and overwrites ${this.#value}`,
      );
      this.#value = read + 1;
      return this.#value;
    });
  }

  /** The way there may be long: the holder stands still, or the network does. */
  #reach(token: number, done: () => number): Promise<number | null> {
    const { time, dice, holds } = this.#deps;
    const hop = (): number => (dice.chance(0.05) ? dice.between(500, 5000) : dice.between(0.1, 2));
    const { promise, resolve } = Promise.withResolvers<number | null>();
    time.after(hop(), () => {
      const isStale = token < this.#greatest;
      this.#greatest = Math.max(this.#greatest, token);
      if (isStale) {
        this.refused++;
        holds.fenced(this.#name, token, this.#greatest);
      }
      const answer = isStale ? null : done();
      time.after(dice.between(0.1, 2), () => resolve(answer));
    });
    return promise;
  }
}
