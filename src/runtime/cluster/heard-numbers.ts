/** Numbers behind the highest by this much are taken for heard: nothing is that late. */
const WINDOW = 4096;

/** Which of a sender's numbered messages were heard, in bounded memory: one bit each for the last ones. */
export class HeardNumbers {
  readonly #bits = new Uint32Array(WINDOW / 32);
  #highest = 0;

  /** Whether this number was not heard before; from now on it was. Numbers begin with 1. */
  isNew(number: number): boolean {
    if (number > this.#highest) {
      const skipped = Math.min(number - this.#highest, WINDOW);
      for (let each = number - skipped + 1; each <= number; each++) {
        this.#set(each, false);
      }
      this.#highest = number;
    } else if (number <= this.#highest - WINDOW || this.#has(number)) {
      return false;
    }
    this.#set(number, true);
    return true;
  }

  #has(number: number): boolean {
    return ((this.#bits[(number % WINDOW) >>> 5] ?? 0) & (1 << (number & 31))) !== 0;
  }

  #set(number: number, heard: boolean): void {
    const index = (number % WINDOW) >>> 5;
    const bit = 1 << (number & 31);
    const word = this.#bits[index] ?? 0;
    this.#bits[index] = heard ? word | bit : word & ~bit;
  }
}
