import { BlockList } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Address, isIPv4, parseAddress } from "../../../../src/domain/network/address.ts";
import { isWithin, parseAddressRange } from "../../../../src/domain/network/address-range.ts";

const RUNS = { seed: 20260308, numRuns: 500 };

/** An address of IPv6 in full. */
function written(address: Address): string {
  return (address.toString(16).padStart(32, "0").match(/.{4}/gu) ?? []).join(":");
}

describe("a range of addresses", () => {
  it("is one address when it names no length", () => {
    const range = parseAddressRange("10.1.2.3");
    expect(range).toEqual({ first: parseAddress("10.1.2.3"), last: parseAddress("10.1.2.3") });
    expect(parseAddressRange("10.1.2.3/32")).toEqual(range);
    expect(parseAddressRange("::ffff:10.1.2.3/128")).toEqual(range);
  });

  it("counts its length in the bits of the notation", () => {
    expect(parseAddressRange("10.0.0.0/8")).toEqual(parseAddressRange("::ffff:10.0.0.0/104"));
    expect(parseAddressRange("0.0.0.0/0")).toEqual(parseAddressRange("::ffff:0:0/96"));
    expect(parseAddressRange("::/0")).toEqual({ first: 0n, last: 2n ** 128n - 1n });
  });

  it("is nothing when it has bits behind its length, no length after the slash, or too much of it", () => {
    for (const text of [
      "10.1.2.3/8",
      "fd00::1/8",
      "10.0.0.0/",
      "10.0.0.0/33",
      "fd00::/129",
      "10.0.0.0/08",
      "10.0.0.0/-1",
      "10.0.0.0/8/8",
      "10.0.0.0/8 ",
      "/8",
      "",
      "10.0.0.0-10.0.0.9",
      "internal",
    ]) {
      expect(parseAddressRange(text), text).toBeNull();
    }
  });

  it("has what Node's block list says it has", () => {
    const bits = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n });
    fc.assert(
      fc.property(
        bits,
        fc.integer({ min: 0, max: 128 }),
        bits,
        fc.integer({ min: 0, max: 128 }),
        (base, length, other, shared) => {
          const first = (base >> BigInt(128 - length)) << BigInt(128 - length);
          // One that shares so many bits with the range, so that both answers come.
          const low = (1n << BigInt(128 - shared)) - 1n;
          const address = (first & ~low) | (other & low);
          fc.pre(!isIPv4(address) && !isIPv4(first));

          const theirs = new BlockList();
          theirs.addSubnet(written(first), length, "ipv6");
          const ours = parseAddressRange(`${written(first)}/${length}`);
          expect(isWithin([ours!], address)).toBe(theirs.check(written(address), "ipv6"));
        },
      ),
      RUNS,
    );
  });

  it("of IPv4 has what Node's block list says it has, however the address is written", () => {
    fc.assert(
      fc.property(
        fc.nat(2 ** 32 - 1),
        fc.integer({ min: 0, max: 32 }),
        fc.nat(2 ** 32 - 1),
        fc.integer({ min: 0, max: 32 }),
        (base, length, other, shared) => {
          const dotted = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");
          const keep = (value: number, count: number): number =>
            (count === 0 ? 0 : (value >>> (32 - count)) << (32 - count)) >>> 0;
          const first = keep(base, length);
          const address = dotted((keep(first, shared) | (shared === 32 ? 0 : other >>> shared)) >>> 0);

          const theirs = new BlockList();
          theirs.addSubnet(dotted(first), length, "ipv4");
          const ours = [parseAddressRange(`${dotted(first)}/${length}`)!];
          expect(isWithin(ours, parseAddress(address)!)).toBe(theirs.check(address, "ipv4"));
          expect(isWithin(ours, parseAddress(`::ffff:${address}`)!)).toBe(theirs.check(address, "ipv4"));
        },
      ),
      RUNS,
    );
  });
});
