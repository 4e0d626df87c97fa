/** The bytes of a pickle, from the first to the last. What ends too early throws a RangeError, as all reading past the end does. */
export class PickleInput {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  byte(): number {
    return this.unsigned(1);
  }

  unsigned(width: 1 | 2 | 4 | 8): number {
    const at = this.#step(width);
    // Sizes of 8 bytes fit into 6 wherever the data does.
    return width === 8 ? this.#bytes.readUIntLE(at, 6) : this.#bytes.readUIntLE(at, width);
  }

  signed(width: 4): number {
    return this.#bytes.readIntLE(this.#step(width), width);
  }

  double(): number {
    return this.#bytes.readDoubleBE(this.#step(8));
  }

  /** An integer of any size, in two's complement. What a double cannot hold loses its last digits, as in any JSON. */
  long(size: number): number {
    const at = this.#step(size);
    if (size === 0) return 0;
    const digits = this.#bytes.subarray(at, at + size).toReversed();
    return Number(BigInt.asIntN(size * 8, BigInt(`0x${Buffer.from(digits).toString("hex")}`)));
  }

  text(size: number): string {
    const at = this.#step(size);
    return this.#bytes.toString("utf8", at, at + size);
  }

  /** Up to the next newline, which is passed over. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end === -1) throw new RangeError("a line in it has no end");
    const text = this.#bytes.toString("utf8", this.#at, end);
    this.#at = end + 1;
    return text;
  }

  skip(size: number): void {
    this.#step(size);
  }

  #step(size: number): number {
    const at = this.#at;
    if (at + size > this.#bytes.length) throw new RangeError("it ends too early");
    this.#at = at + size;
    return at;
  }
}
