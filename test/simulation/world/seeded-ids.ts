import type { Clock } from "../../../src/ports/clock.ts";
import type { Ids } from "../../../src/ports/ids.ts";
import { Stamps, formatUuid } from "../../../src/system/ids.ts";
import type { Dice } from "./dice.ts";

const HASHES = 2 ** 16;

/** The real ids, from a machine's clock that may be wrong, and with chance by seed. */
export function seededIds(clock: Pick<Clock, "now">, dice: Dice): Ids {
  const stamps = new Stamps(clock, () => dice.integer(2 ** 25));
  return {
    uuid: (routingHash) => {
      const { at, counter } = stamps.next();
      return formatUuid(at, counter, dice.integer(2 ** 32), routingHash ?? dice.integer(HASHES));
    },
    token: (bytes = 32) => Buffer.from(Array.from({ length: bytes }, () => dice.integer(256))).toString("base64url"),
  };
}
