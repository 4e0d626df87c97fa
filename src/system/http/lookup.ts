/**
 * The guard at the lookup. Whoever owns a name may let it point anywhere, and elsewhere the next moment; so what is vetted here is the very
 * answer that is dialled next, each time.
 */
import { lookup as systemLookup } from "node:dns/promises";
import type { LookupFunction } from "node:net";
import type { AddressRange } from "../../domain/network/address-range.ts";
import { addressRefusal } from "../../domain/network/target.ts";
import { DialError, failed, forbidden } from "./failures.ts";

/** The addresses of a name, in order of preference. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

/** What the system knows, its hosts file included. */
export const resolveBySystem: Resolve = async (hostname) => {
  const found = await systemLookup(hostname, { all: true, order: "verbatim" });
  return found.map(({ address }) => address);
};

/** A lookup for sockets that answers with the addresses that may be dialled, and fails when there is none. */
export function guardedLookup(resolve: Resolve, allowed: readonly AddressRange[]): LookupFunction {
  // The system has few threads for lookups, and a hundred connections may want the same name.
  const underway = new Map<string, Promise<readonly string[]>>();

  const resolveOnce = (hostname: string): Promise<readonly string[]> => {
    const known = underway.get(hostname);
    if (known) return known;
    const lookup = resolve(hostname).finally(() => underway.delete(hostname));
    underway.set(hostname, lookup);
    return lookup;
  };

  return (hostname, options, callback) => {
    const answer = async (): Promise<void> => {
      let found: [Found, ...Found[]];
      try {
        found = vetted(hostname, await resolveOnce(hostname), allowed);
      } catch (error) {
        callback(error instanceof Error ? error : new DialError(failed("CONNECTION", "the lookup failed")), []);
        return;
      }
      if (options.all) callback(null, found);
      else callback(null, found[0].address, found[0].family);
    };
    void answer();
  };
}

interface Found {
  readonly address: string;
  readonly family: 4 | 6;
}

/** @throws DialError when none of them may be dialled. */
function vetted(hostname: string, addresses: readonly string[], allowed: readonly AddressRange[]): [Found, ...Found[]] {
  const found: Found[] = [];
  let refusal: string | null = null;
  for (const text of addresses) {
    const against = addressRefusal(text, allowed);
    refusal ??= against;
    // By the notation: `::ffff:1.2.3.4` is dialled over a socket of IPv6.
    if (against === null) found.push({ address: text, family: text.includes(":") ? 6 : 4 });
  }
  const [first, ...rest] = found;
  if (first) return [first, ...rest];
  throw new DialError(
    refusal === null
      ? failed("CONNECTION", "the name of the host has no address")
      : forbidden(`${hostname} may not be called: ${refusal}`),
  );
}
