import type { RateLimit } from "../../domain/webhook/destination.ts";

/** Tokens are fractions between two looks: what rounding makes of them must not keep a whole one back. */
const ROUNDING = 1e-9;

/**
 * Holds to a rate limit: it has `burst` tokens when it is full, gets `perSecond` of them a second, and each call takes one.
 *
 * It has no clock. Instants are monotonic milliseconds; one that lies before the last brings no tokens.
 */
export class TokenBucket {
  readonly limit: RateLimit;
  #tokens: number;
  #at: number;

  /** A full one. */
  constructor(limit: RateLimit, at: number) {
    this.limit = limit;
    this.#tokens = limit.burst;
    this.#at = at;
  }

  /** The same bucket when it is the same limit; otherwise one that has as many tokens as this one has, and as fit. */
  limitedTo(limit: RateLimit, at: number): TokenBucket {
    if (limit.perSecond === this.limit.perSecond && limit.burst === this.limit.burst) {
      return this;
    }
    this.#refill(at);
    const bucket = new TokenBucket(limit, this.#at);
    bucket.#tokens = Math.min(this.#tokens, limit.burst);
    return bucket;
  }

  /** Whole tokens. */
  available(at: number): number {
    this.#refill(at);
    return Math.floor(this.#tokens + ROUNDING);
  }

  /** @returns whether there was one. */
  take(at: number): boolean {
    if (this.available(at) < 1) {
      return false;
    }
    this.#tokens = Math.max(0, this.#tokens - 1);
    return true;
  }

  /** How long until there is a token, in whole milliseconds; 0: there is one. Infinity: there never is. */
  availableInMs(at: number): number {
    if (this.available(at) >= 1) {
      return 0;
    }
    if (this.limit.perSecond <= 0 || this.limit.burst < 1) {
      return Number.POSITIVE_INFINITY;
    }
    // The time before the last instant must pass too.
    return Math.ceil(this.#at - at + ((1 - ROUNDING / 2 - this.#tokens) * 1000) / this.limit.perSecond);
  }

  #refill(at: number): void {
    if (at > this.#at) {
      this.#tokens = Math.min(this.limit.burst, this.#tokens + ((at - this.#at) / 1000) * this.limit.perSecond);
      this.#at = at;
    }
  }
}
