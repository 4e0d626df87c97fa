import type { Random } from "../../../src/ports/random.ts";
import { hashText } from "../../../src/domain/routing.ts";
import { seededRandom } from "../../support/manual-clock.ts";

/** Chance by seed. Each concern throws its own dice, so that one more throw of the one does not change what the others do. */
export class Dice implements Random {
  readonly #seed: number;
  readonly #random: Random;

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = seededRandom(seed);
  }

  /** Dice of their own for a concern, the same for the same seed and name. */
  fork(name: string): Dice {
    return new Dice(Math.imul(this.#seed ^ 0x9e3779b1, 0x85ebca6b) ^ Math.imul(hashText(name) + 1, 0xc2b2ae35));
  }

  fraction(): number {
    return this.#random.fraction();
  }

  integer(maxExclusive: number): number {
    return this.#random.integer(maxExclusive);
  }

  between(from: number, to: number): number {
    return from + this.fraction() * (to - from);
  }

  /** Whole numbers, both ends included. */
  whole(from: number, to: number): number {
    return from + this.integer(to - from + 1);
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<Value>(values: readonly [Value, ...Value[]]): Value {
    return values[this.integer(values.length)] ?? values[0];
  }

  /** One of them, or undefined when there is none. */
  oneOf<Value>(values: readonly Value[]): Value | undefined {
    return values.length === 0 ? undefined : values[this.integer(values.length)];
  }

  /** Waits between things that happen by chance, `meanMs` on average. */
  wait(meanMs: number): number {
    return -Math.log(1 - this.fraction()) * meanMs;
  }
}
