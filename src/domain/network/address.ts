/**
 * IP addresses as numbers of 128 bits. IPv4 ones are those of `::ffff:0:0/96`: whoever dials `::ffff:10.0.0.1` reaches 10.0.0.1, so they are
 * one address here and no rule can be evaded by writing it otherwise.
 */
export type Address = bigint;

/** What stands before the 32 bits of an IPv4 address. */
const IPV4_PREFIX = 0xffff_0000_0000n;
const IPV4_BITS = 0xffff_ffffn;

const DECIMAL = /^(?:0|[1-9]\d{0,2})$/u;
const HEXADECIMAL = /^[0-9a-f]{1,4}$/iu;
const GROUPS = 8;

/** An address in one of the notations that systems print, without zone; null when the text is none. */
export function parseAddress(text: string): Address | null {
  return text.includes(":") ? parseIPv6(text) : parseIPv4(text);
}

/** The address of IPv4 with these 32 bits. */
export function ipv4Address(bits: bigint): Address {
  return IPV4_PREFIX | (bits & IPV4_BITS);
}

export function isIPv4(address: Address): boolean {
  return address >> 32n === IPV4_PREFIX >> 32n;
}

function parseIPv4(text: string): Address | null {
  const parts = text.split(".");
  if (parts.length !== 4) return null;
  let bits = 0n;
  for (const part of parts) {
    if (!DECIMAL.test(part) || Number(part) > 255) return null;
    bits = (bits << 8n) | BigInt(part);
  }
  return ipv4Address(bits);
}

function parseIPv6(text: string): Address | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const head = groupsOf(halves[0] ?? "", halves.length === 1);
  const tail = groupsOf(halves[1] ?? "", true);
  if (head === null || tail === null) return null;
  const missing = GROUPS - head.length - tail.length;
  // `::` stands for at least one group.
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  const groups = [...head, ...Array.from({ length: missing }, () => 0), ...tail];
  return groups.reduce((address, group) => (address << 16n) | BigInt(group), 0n);
}

/** The groups of 16 bits of a part of an address; null when one is none. Only what ends an address may end in the notation of IPv4. */
function groupsOf(part: string, endsAddress: boolean): number[] | null {
  if (part === "") return [];
  const groups: number[] = [];
  const texts = part.split(":");
  for (const [place, text] of texts.entries()) {
    if (HEXADECIMAL.test(text)) {
      groups.push(Number.parseInt(text, 16));
      continue;
    }
    const embedded = endsAddress && place === texts.length - 1 ? parseIPv4(text) : null;
    if (embedded === null) return null;
    groups.push(Number((embedded >> 16n) & 0xffffn), Number(embedded & 0xffffn));
  }
  return groups;
}
