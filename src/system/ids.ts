/**
 * UUIDv7 (RFC 9562) with a counter, and secret tokens.
 *
 *     tttttttt-tttt-7ccc-Vccc-rrrrrrrrhhhh     (V: variant bits 10 and two more counter bits)
 *
 * t  48 bits of wall time in milliseconds
 * c  26 bits of counter: random at the first id of a millisecond, then one more with every id
 * r  32 random bits
 * h  16 bits: the routing hash, or random
 *
 * Ids sort as text in the order in which this process made them. When the wall clock steps back the time part stays
 * where it was and the counter goes on; when the counter is used up the time part runs ahead by one millisecond.
 */
import { randomFillSync } from "node:crypto";

import type { Clock } from "../ports/clock.ts";
import type { Ids } from "../ports/ids.ts";

const COUNTER_BITS = 26;
const COUNTER_END = 2 ** COUNTER_BITS;
/** A fresh counter starts in the lower half, so that at least 2^25 ids fit into its millisecond. */
const COUNTER_START_MASK = 2 ** (COUNTER_BITS - 1) - 1;
const ROUTING_HASH_END = 2 ** 16;
const DEFAULT_TOKEN_BYTES = 32;
/** Random bytes are drawn this many at a time, one call for about a thousand numbers. */
const POOL_BYTES = 4096;

/** Ids from the given clock and the machine's cryptographic randomness. */
export function createIds(clock: Pick<Clock, "now">): Ids {
  const pool = new RandomPool();
  const stamps = new Stamps(clock, () => pool.uint32() & COUNTER_START_MASK);

  return {
    uuid(routingHash) {
      if (routingHash !== undefined) assertRoutingHash(routingHash);
      const { at, counter } = stamps.next();
      return formatUuid(at, counter, pool.uint32(), routingHash ?? pool.uint32() >>> 16);
    },
    token(bytes = DEFAULT_TOKEN_BYTES) {
      return pool.bytes(bytes).toString("base64url");
    },
  };
}

/** Pairs of time and counter, each greater than the one before. */
export class Stamps {
  readonly #clock: Pick<Clock, "now">;
  readonly #startCounter: () => number;
  #at = -1;
  #counter = 0;

  /** @param startCounter where the counter of a new millisecond starts, below 2^26. */
  constructor(clock: Pick<Clock, "now">, startCounter: () => number) {
    this.#clock = clock;
    this.#startCounter = startCounter;
  }

  next(): { readonly at: number; readonly counter: number } {
    const now = this.#clock.now();
    if (now > this.#at) {
      this.#at = now;
      this.#counter = this.#startCounter();
    } else if (++this.#counter === COUNTER_END) {
      this.#at += 1;
      this.#counter = this.#startCounter();
    }
    return { at: this.#at, counter: this.#counter };
  }
}

/** A UUIDv7 of these parts: epoch ms, 26-bit counter, 32 random bits, 16 last bits. */
export function formatUuid(at: number, counter: number, random: number, last: number): string {
  const time = hex(at, 12);
  const middle = hex(counter >>> 14, 3);
  const variantAndLow = hex(0x8000 | (counter & 0x3fff), 4);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${middle}-${variantAndLow}-${hex(random, 8)}${hex(last, 4)}`;
}

/** @throws RangeError as {@link Ids.uuid} says. */
export function assertRoutingHash(hash: number): void {
  if (!Number.isInteger(hash) || hash < 0 || hash >= ROUTING_HASH_END) {
    throw new RangeError(`A routing hash is a whole number from 0 to 65535, got ${hash}`);
  }
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}

class RandomPool {
  readonly #bytes = Buffer.alloc(POOL_BYTES);
  #next = POOL_BYTES;

  /** A copy: what it is made of is not given out again. */
  bytes(count: number): Buffer {
    if (count > POOL_BYTES) return randomFillSync(Buffer.alloc(count));
    // Numbers are read at multiples of four.
    this.#require(Math.ceil(count / 4) * 4);
    const bytes = Buffer.from(this.#bytes.subarray(this.#next, this.#next + count));
    this.#bytes.fill(0, this.#next, this.#next + count);
    this.#next += Math.ceil(count / 4) * 4;
    return bytes;
  }

  #require(count: number): void {
    if (this.#next + count > POOL_BYTES) {
      randomFillSync(this.#bytes);
      this.#next = 0;
    }
  }

  uint32(): number {
    this.#require(4);
    const value = this.#bytes.readUInt32LE(this.#next);
    this.#next += 4;
    return value;
  }
}
