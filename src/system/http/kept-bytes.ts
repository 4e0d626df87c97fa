const FIRST_SIZE = 1024;

/** The first bytes of what comes in pieces. However small the pieces are, memory grows with their bytes and not past the bound. */
export class KeptBytes {
  readonly #bound: number;
  #buffer: Buffer = Buffer.alloc(0);
  #length = 0;

  constructor(bound: number) {
    this.#bound = bound;
  }

  /** Takes a piece, which may be reused then; false: not all of it was kept. */
  push(piece: Uint8Array): boolean {
    const taken = Math.min(piece.length, this.#bound - this.#length);
    this.#makeRoom(this.#length + taken);
    this.#buffer.set(piece.subarray(0, taken), this.#length);
    this.#length += taken;
    return taken === piece.length;
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #makeRoom(needed: number): void {
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.min(Math.max(needed, this.#buffer.length * 2, FIRST_SIZE), this.#bound));
    larger.set(this.bytes);
    this.#buffer = larger;
  }
}
