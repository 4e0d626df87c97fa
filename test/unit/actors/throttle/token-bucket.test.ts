import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TokenBucket } from "../../../../src/actors/throttle/token-bucket.ts";

const limit = { perSecond: 2, burst: 3 };

describe("a bucket of tokens", () => {
  it("is full at first, and has one more each time that the rate allows, up to the burst", () => {
    const bucket = new TokenBucket(limit, 1000);
    expect([bucket.take(1000), bucket.take(1000), bucket.take(1000), bucket.take(1000)]).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect([bucket.available(1499), bucket.availableInMs(1499)]).toEqual([0, 1]);
    expect([bucket.available(1500), bucket.availableInMs(1500)]).toEqual([1, 0]);
    expect(bucket.available(2500)).toBe(3);
    expect(bucket.available(1e9)).toBe(3);
  });

  it("may give less than one a second", () => {
    const bucket = new TokenBucket({ perSecond: 0.1, burst: 1 }, 0);
    expect([bucket.take(0), bucket.availableInMs(0), bucket.take(9999), bucket.take(10_000)]).toEqual([
      true,
      10_000,
      false,
      true,
    ]);
  });

  it("keeps what it has when the limit changes, as far as it fits, and goes on at the new rate", () => {
    const bucket = new TokenBucket({ perSecond: 1, burst: 10 }, 0);
    bucket.take(0);
    const less = bucket.limitedTo({ perSecond: 1, burst: 5 }, 0);
    expect(less.available(0)).toBe(5);
    const more = less.limitedTo({ perSecond: 100, burst: 1000 }, 0);
    expect([more.available(0), more.available(1000)]).toEqual([5, 105]);
  });

  it("does not pay the time before a change at the new rate", () => {
    const bucket = new TokenBucket({ perSecond: 1, burst: 1 }, 0);
    bucket.take(0);
    expect(bucket.limitedTo({ perSecond: 1000, burst: 1000 }, 500).available(500)).toBe(0);
  });

  it("is the same bucket when the limit is", () => {
    const bucket = new TokenBucket(limit, 0);
    expect(bucket.limitedTo({ ...limit }, 5)).toBe(bucket);
  });

  it("gets nothing for a time that it has been paid for", () => {
    const bucket = new TokenBucket({ perSecond: 1, burst: 1 }, 0);
    bucket.take(5000);
    expect([bucket.available(4000), bucket.availableInMs(4000), bucket.available(5999)]).toEqual([0, 2000, 0]);
    expect(bucket.available(6000)).toBe(1);
  });

  it("never has a token when the limit grants none", () => {
    for (const none of [
      { perSecond: 0, burst: 0 },
      { perSecond: 1, burst: 0.5 },
    ]) {
      const bucket = new TokenBucket(none, 0);
      expect([bucket.take(0), bucket.availableInMs(1e9)]).toEqual([false, Number.POSITIVE_INFINITY]);
    }
    const once = new TokenBucket({ perSecond: 0, burst: 1 }, 0);
    expect([once.take(0), once.availableInMs(1)]).toEqual([true, Number.POSITIVE_INFINITY]);
  });
});

const anyLimit = fc.record({
  perSecond: fc.oneof(fc.double({ min: 0.01, max: 10_000, noNaN: true }), fc.integer({ min: 1, max: 1000 })),
  burst: fc.integer({ min: 1, max: 1000 }),
});
const gaps = fc.array(fc.oneof(fc.integer({ min: 0, max: 2000 }), fc.double({ min: 0, max: 50, noNaN: true })), {
  maxLength: 100,
});

describe("whatever the limit, and whenever it is asked", () => {
  it("it gives no more than the burst and what the rate brings in any stretch of time", () => {
    fc.assert(
      fc.property(anyLimit, gaps, (given, waits) => {
        const bucket = new TokenBucket(given, 0);
        const taken: number[] = [];
        let at = 0;
        for (const wait of waits) {
          at += wait;
          for (let time = 0; time < 20 && bucket.take(at); time++) {
            taken.push(at);
          }
        }
        for (let from = 0; from < taken.length; from += 1 + Math.floor(taken.length / 50)) {
          const within = taken.length - from;
          expect(within).toBeLessThanOrEqual(given.burst + ((at - taken[from]!) / 1000) * given.perSecond + 1e-6);
        }
      }),
    );
  });

  it("there is a token when it said that there would be, and none a millisecond and more before", () => {
    fc.assert(
      fc.property(anyLimit, gaps, (given, waits) => {
        const bucket = new TokenBucket(given, 0);
        let at = 0;
        for (const wait of waits) {
          at += wait;
          while (bucket.available(at) > 0 && bucket.take(at)) {
            // Empties it.
          }
          const inMs = bucket.availableInMs(at);
          expect(inMs).toBeGreaterThan(0);
          expect(inMs).toBeLessThanOrEqual(1000 / given.perSecond + 1);
          if (inMs > 1) {
            expect(bucket.available(at + inMs - 1.001)).toBe(0);
          }
          expect(bucket.available(at + inMs)).toBeGreaterThan(0);
          at += inMs;
        }
      }),
    );
  });
});
