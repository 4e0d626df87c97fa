/**
 * What kind of place an address is, by the registries of IANA for special addresses (RFC 6890) and by what is known of clouds. Only PUBLIC
 * addresses are other people's servers; all else is this machine, its network, or nothing that answers a webhook.
 *
 * What is not known to be public is not: of IPv6 only 2000::/3 is given out, so all else is at least RESERVED. An address that carries one of
 * IPv4 to which a translator or a tunnel leads is as bad as that one. Public ones are public through NAT64, by which machines without IPv4
 * reach most of the world; the tunnels (6to4, Teredo) are given up, and no webhook is received behind them.
 */
import { type Address, ipv4Address, isIPv4 } from "./address.ts";
import { type AddressRange, addressRange, isWithin } from "./address-range.ts";

export type AddressClass =
  | "PUBLIC"
  | "UNSPECIFIED"
  | "LOOPBACK"
  | "PRIVATE"
  /** Between a provider and its customers (RFC 6598); some clouds have services there. */
  | "SHARED"
  | "LINK_LOCAL"
  /** Where a cloud tells a machine its credentials. */
  | "METADATA"
  | "MULTICAST"
  | "BROADCAST"
  | "DOCUMENTATION"
  | "BENCHMARK"
  | "RESERVED";

const NAMES: Readonly<Record<AddressClass, string>> = {
  PUBLIC: "a public address",
  UNSPECIFIED: "an unspecified address, which means this machine",
  LOOPBACK: "a loopback address",
  PRIVATE: "a private address",
  SHARED: "an address inside a provider's network",
  LINK_LOCAL: "a link-local address",
  METADATA: "the address of a cloud's metadata service",
  MULTICAST: "a multicast address",
  BROADCAST: "the broadcast address",
  DOCUMENTATION: "an address for documentation",
  BENCHMARK: "an address for benchmarks",
  RESERVED: "a reserved address",
};

/** The class in words: `a loopback address`. */
export function classInWords(addressClass: AddressClass): string {
  return NAMES[addressClass];
}

/** The first that has an address says its class. */
const SPECIAL: readonly (readonly [AddressClass, readonly AddressRange[]])[] = (
  [
    // Azure's stands among public ones; those of Alibaba, Oracle and the IPv6 ones of Amazon and Google in ranges that come below.
    [
      "METADATA",
      "169.254.169.254 169.254.170.2 168.63.129.16 100.100.100.200 192.0.0.192 fd00:ec2::254 fd00:ec2::23 fd20:ce::254",
    ],
    ["BROADCAST", "255.255.255.255"],
    ["UNSPECIFIED", "0.0.0.0/8 ::"],
    ["LOOPBACK", "127.0.0.0/8 ::1"],
    ["PRIVATE", "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7 fec0::/10 64:ff9b:1::/48"],
    ["SHARED", "100.64.0.0/10"],
    ["LINK_LOCAL", "169.254.0.0/16 fe80::/10"],
    ["MULTICAST", "224.0.0.0/4 ff00::/8"],
    ["DOCUMENTATION", "192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 2001:db8::/32 3fff::/20"],
    ["BENCHMARK", "198.18.0.0/15 2001:2::/48"],
    // Protocol assignments (Teredo is among them), 6to4 and its relays, the former class E.
    ["RESERVED", "192.0.0.0/24 192.88.99.0/24 240.0.0.0/4 2001::/23 2002::/16"],
  ] as const
).map(([addressClass, ranges]) => [addressClass, ranges.split(" ").map(addressRange)]);

const GIVEN_OUT = [addressRange("2000::/3")];

const NAT64 = [addressRange("64:ff9b::/96")];
const SIX_TO_FOUR = [addressRange("2002::/16")];
const TEREDO = [addressRange("2001::/32")];

export function classOf(address: Address): AddressClass {
  for (const embedded of embeddedIn(address)) {
    const found = classOf(embedded);
    if (found !== "PUBLIC") return found;
  }
  for (const [addressClass, ranges] of SPECIAL) {
    if (isWithin(ranges, address)) return addressClass;
  }
  return isIPv4(address) || isWithin(GIVEN_OUT, address) || isWithin(NAT64, address) ? "PUBLIC" : "RESERVED";
}

/** The addresses of IPv4 to which a translator or a tunnel takes what is sent to an address. */
function embeddedIn(address: Address): readonly Address[] {
  if (isWithin(NAT64, address)) return [ipv4Address(address)];
  if (isWithin(SIX_TO_FOUR, address)) return [ipv4Address(address >> 80n)];
  // The server of the tunnel, and the client behind it with its bits turned over (RFC 4380).
  if (isWithin(TEREDO, address)) return [ipv4Address(address >> 64n), ipv4Address(~address)];
  return [];
}
