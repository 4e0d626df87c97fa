import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAddress } from "../../../../src/domain/network/address.ts";
import { type AddressClass, classOf } from "../../../../src/domain/network/address-class.ts";

const RUNS = { seed: 20260308, numRuns: 500 };

const classOfText = (text: string): AddressClass => classOf(parseAddress(text)!);
/** The two groups that hold an address of IPv4, its bits turned over when asked. */
const groups = (dotted: string, turned = false): string => {
  const bytes = dotted.split(".").map((part) => Number(part) ^ (turned ? 255 : 0));
  return [0, 2].map((at) => (bytes[at]! * 256 + bytes[at + 1]!).toString(16)).join(":");
};

describe("the class of an address", () => {
  it.each<[AddressClass, string]>([
    [
      "PUBLIC",
      "1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 172.15.255.255 172.32.0.0",
    ],
    [
      "PUBLIC",
      "192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255 169.253.255.255 169.255.0.0 192.0.1.0",
    ],
    ["PUBLIC", "2606:4700:4700::1111 2a00:1450::1 2001:200:: 2001:4860:4860::8888 64:ff9b::8.8.8.8 ::ffff:8.8.8.8"],
    ["UNSPECIFIED", "0.0.0.0 0.1.2.3 0.255.255.255 :: ::ffff:0.0.0.0"],
    ["LOOPBACK", "127.0.0.1 127.255.255.255 ::1 ::ffff:127.0.0.1 64:ff9b::127.0.0.1 2002:7f00:1::"],
    ["PRIVATE", "10.0.0.0 10.255.255.255 172.16.0.0 172.31.255.255 192.168.0.0 192.168.255.255 ::ffff:10.1.2.3"],
    [
      "PRIVATE",
      "fc00:: fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff fec0::1 64:ff9b:1::8.8.8.8 64:ff9b::10.0.0.1 2002:a00:1::1",
    ],
    ["SHARED", "100.64.0.0 100.127.255.255"],
    ["LINK_LOCAL", "169.254.0.0 169.254.255.255 fe80::1 febf::1"],
    ["METADATA", "169.254.169.254 169.254.170.2 100.100.100.200 168.63.129.16 192.0.0.192 fd00:ec2::254 fd20:ce::254"],
    ["METADATA", "::ffff:169.254.169.254 64:ff9b::169.254.169.254 2002:a9fe:a9fe::"],
    ["MULTICAST", "224.0.0.1 239.255.255.255 ff02::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
    ["BROADCAST", "255.255.255.255"],
    ["DOCUMENTATION", "192.0.2.1 198.51.100.1 203.0.113.255 2001:db8::1 3fff:fff::1"],
    ["BENCHMARK", "198.18.0.0 198.19.255.255 2001:2::1"],
    [
      "RESERVED",
      "192.0.0.0 192.0.0.255 192.88.99.1 240.0.0.0 255.255.255.254 2002:808:808::1 2001:0:808:808::f7f7:f7f7",
    ],
    // Out of date ways to carry IPv4, local translation, what nobody has been given.
    ["RESERVED", "::2 ::127.0.0.1 ::ffff:0:127.0.0.1 100::1 5f00::1 4000::1 e000::1"],
  ])("is %s of %s", (expected, texts) => {
    for (const text of texts.split(" ")) expect(classOfText(text), text).toBe(expected);
  });

  it("is never better than that of the IPv4 address it leads to", () => {
    const inside = fc
      .tuple(fc.constantFrom("10.", "127.", "169.254.", "192.168.", "100.64.", "0."), fc.ipV4())
      .map(([prefix, rest]) => [...prefix.split(".").slice(0, -1), ...rest.split(".")].slice(0, 4).join("."));
    fc.assert(
      fc.property(inside, (dotted) => {
        const expected = classOfText(dotted);
        expect(expected).not.toBe("PUBLIC");
        expect(classOfText(`::ffff:${dotted}`)).toBe(expected);
        expect(classOfText(`64:ff9b::${dotted}`)).toBe(expected);
        expect(classOfText(`2002:${groups(dotted)}:1::1`)).toBe(expected);
        // Teredo: as the server of the tunnel, and as the client behind it.
        expect(classOfText(`2001:0:${groups(dotted)}:0:0:${groups("8.8.8.8", true)}`)).toBe(expected);
        expect(classOfText(`2001:0:${groups("8.8.8.8")}:0:0:${groups(dotted, true)}`)).toBe(expected);
      }),
      RUNS,
    );
  });

  it("is public for no IPv6 address outside of what is given out", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), (address) => {
        const isMapped = address >> 32n === 0xffffn;
        const isTranslated = address >> 32n === parseAddress("64:ff9b::")! >> 32n;
        fc.pre(!isMapped && !isTranslated && address >> 125n !== 1n);
        expect(classOf(address)).not.toBe("PUBLIC");
      }),
      RUNS,
    );
  });
});
