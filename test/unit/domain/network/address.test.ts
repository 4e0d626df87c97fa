import { isIP } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isIPv4, parseAddress } from "../../../../src/domain/network/address.ts";

const RUNS = { seed: 20260308, numRuns: 500 };

describe("an address", () => {
  it("is the same in every way of writing it", () => {
    expect(parseAddress("::FFFF:127.0.0.1")).toBe(parseAddress("127.0.0.1"));
    expect(parseAddress("::ffff:7f00:1")).toBe(parseAddress("127.0.0.1"));
    expect(parseAddress("2001:DB8:0:0:0:0:0:1")).toBe(parseAddress("2001:db8::1"));
    expect(parseAddress("::")).toBe(0n);
    expect(parseAddress("1:2:3:4:5:6:7::")).toBe(0x0001_0002_0003_0004_0005_0006_0007_0000n);
    expect(parseAddress("64:ff9b::192.0.2.33")).toBe(parseAddress("64:ff9b::c000:221"));
  });

  it("is not what only looks like one", () => {
    for (const text of [
      "",
      "1.2.3",
      "1.2.3.4.5",
      "256.0.0.1",
      "01.2.3.4",
      "0x7f.0.0.1",
      "2130706433",
      "1.2.3.4 ",
      "+1.2.3.4",
      "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9",
      "1::2::3",
      ":::",
      "1:2:3:4:5:6:7:8::",
      "::12345",
      "::g",
      "1.2.3.4::",
      "::1.2.3.4:5",
      "fe80::1%eth0",
      "[::1]",
      "localhost",
    ]) {
      expect(parseAddress(text), text).toBeNull();
    }
  });

  it("of IPv4 reads as its 32 bits", () => {
    fc.assert(
      fc.property(fc.ipV4(), (text) => {
        const address = parseAddress(text);
        expect(address).not.toBeNull();
        expect(isIPv4(address!)).toBe(true);
        expect(Number(address! & 0xffff_ffffn)).toBe(
          text.split(".").reduce((sum, part) => sum * 256 + Number(part), 0),
        );
      }),
      RUNS,
    );
  });

  it("of IPv6 reads as the URL standard writes it", () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const written = new URL(`http://[${text}]/`).hostname.slice(1, -1);
        expect(parseAddress(text)).not.toBeNull();
        expect(parseAddress(text)).toBe(parseAddress(written));
      }),
      RUNS,
    );
  });

  it("is one exactly when Node takes it for one, zones apart", () => {
    const part = fc.constantFrom(
      "0",
      "1",
      "00",
      "ffff",
      "12345",
      "255",
      "256",
      "01",
      ":",
      "::",
      ".",
      "",
      "g",
      "a.b",
      "1.2.3.4",
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), fc.constantFrom(":", ".", ""), (parts, between) => {
        const text = parts.join(between);
        expect(parseAddress(text) !== null, text).toBe(isIP(text) !== 0);
      }),
      { ...RUNS, numRuns: 3000 },
    );
  });
});
