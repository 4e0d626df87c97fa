/** Ranges of IP addresses, checked as text: `10.0.0.0/8`, `fd00::/8`, or one address. */
import { isIPv4, isIPv6 } from "node:net";

/** The range in CIDR notation; undefined when the text is none, or when its address has bits behind its length, which is likely a mistake. */
export function cidrOf(text: string): string | undefined {
  const [address = "", length, ...more] = text.split("/");
  const bits = bitsOf(address);
  if (bits === undefined || more.length > 0) return undefined;
  if (length === undefined) return `${address}/${bits.length}`;
  const isInside = /^(?:0|[1-9]\d{0,2})$/.test(length) && Number(length) <= bits.length;
  return isInside && !bits.slice(Number(length)).includes("1") ? text : undefined;
}

/** 32 or 128 digits; undefined when the text is no address. */
function bitsOf(address: string): string | undefined {
  if (isIPv4(address))
    return address
      .split(".")
      .map((part) => binary(Number(part), 8))
      .join("");
  // With a zone (`fe80::1%eth0`) it is an address of this machine only.
  if (!isIPv6(address) || address.includes("%")) return undefined;
  const [head = "", tail] = address.split("::");
  const before = groupsOf(head);
  const after = groupsOf(tail ?? "");
  const between = tail === undefined ? "" : "0".repeat(128 - before.length - after.length);
  return `${before}${between}${after}`;
}

function groupsOf(part: string): string {
  if (part === "") return "";
  return part
    .split(":")
    .map((group) => (group.includes(".") ? (bitsOf(group) ?? "") : binary(Number.parseInt(group, 16), 16)))
    .join("");
}

function binary(value: number, digits: number): string {
  return value.toString(2).padStart(digits, "0");
}
