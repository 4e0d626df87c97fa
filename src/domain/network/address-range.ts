import { type Address, parseAddress } from "./address.ts";

/** Addresses from `first` to `last`, both included. */
export interface AddressRange {
  readonly first: Address;
  readonly last: Address;
}

const LENGTH = /^(?:0|[1-9]\d{0,2})$/u;
const ALL_BITS = 128;
const IPV4_FROM = 96;

/**
 * A range in CIDR notation (`10.0.0.0/8`, `fd00::/8`), or one address. null: the text is neither, or says bits behind the length
 * (`10.1.2.3/8`), of which nobody knows whether the one or the other was meant. `::/0` is every address, those of IPv4 too.
 */
export function parseAddressRange(text: string): AddressRange | null {
  const slash = text.indexOf("/");
  const base = parseAddress(slash === -1 ? text : text.slice(0, slash));
  if (base === null) return null;
  if (slash === -1) return { first: base, last: base };

  const lengthText = text.slice(slash + 1);
  // What is written as IPv4 counts its length in 32 bits; `::ffff:10.0.0.0/104` counts in 128.
  const from = text.includes(":") ? 0 : IPV4_FROM;
  const length = from + Number(lengthText);
  if (!LENGTH.test(lengthText) || length > ALL_BITS) return null;
  const rest = (1n << BigInt(ALL_BITS - length)) - 1n;
  if ((base & rest) !== 0n) return null;
  return { first: base, last: base | rest };
}

/** Whether one of the ranges has the address. */
export function isWithin(ranges: readonly AddressRange[], address: Address): boolean {
  return ranges.some(({ first, last }) => first <= address && address <= last);
}

/** @throws RangeError when the text is no range: for ranges that stand in the code. */
export function addressRange(text: string): AddressRange {
  const range = parseAddressRange(text);
  if (range === null) throw new RangeError(`${text} is no range of addresses`);
  return range;
}
