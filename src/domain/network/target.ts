/**
 * To which URLs requests may go when users name them: those of other people's servers on the public network. A URL may look harmless and lead
 * inside all the same, since names point where their owners want; so its text is judged when it comes in, and the addresses when they are
 * dialled. The first is a kindness to the user, the second is the guard.
 */
import { parseAddress } from "./address.ts";
import { classInWords, classOf } from "./address-class.ts";
import { type AddressRange, isWithin } from "./address-range.ts";

const LOOPBACK_ADDRESSES = ["127.0.0.1", "::1"].map(parseAddress);

/** Names that mean something inside a network only (RFC 6761, 6762, 8375; `.internal` by ICANN in 2024). */
const INSIDE_NAME = /(?:^|\.)(?:local|internal|localdomain|home\.arpa)$/u;
const LOCALHOST = /(?:^|\.)localhost$/u;

/**
 * Why no request may go to a URL, as far as its text shows; null: nothing is known against it. `allowed` are the addresses that may be called
 * although they are not public; with some, names that mean something inside a network are let through, since they may well lead there.
 */
export function urlRefusal(text: string, allowed: readonly AddressRange[]): string | null {
  if (!URL.canParse(text)) return "it is not an absolute URL";
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") return "only http and https are called";
  if (url.username !== "" || url.password !== "") return "it holds a user name or a password; use a header";
  if (url.port === "0") return "nothing listens on port 0";
  return hostRefusal(hostOf(url), allowed);
}

/** The host of a URL as it is dialled: IPv6 without brackets, names without the dot that may end them. */
function hostOf({ hostname }: URL): string {
  return hostname.startsWith("[") || hostname.endsWith(".") ? hostname.replace(/^\[/u, "").slice(0, -1) : hostname;
}

function hostRefusal(host: string, allowed: readonly AddressRange[]): string | null {
  if (host === "") return "it names no host";
  if (parseAddress(host) !== null) return addressRefusal(host, allowed);
  if (LOCALHOST.test(host)) {
    const mayLoop = LOOPBACK_ADDRESSES.some((address) => address !== null && isWithin(allowed, address));
    return mayLoop ? null : `${host} is this machine itself`;
  }
  if (INSIDE_NAME.test(host) && allowed.length === 0) return `${host} is a name of a private network`;
  return null;
}

/** Why an address may not be dialled; null: it may. What is no address may not. */
export function addressRefusal(text: string, allowed: readonly AddressRange[]): string | null {
  const address = parseAddress(text);
  if (address === null) return `${text} is not an address`;
  const found = classOf(address);
  if (found === "PUBLIC" || isWithin(allowed, address)) return null;
  return `${text} is ${classInWords(found)}`;
}
