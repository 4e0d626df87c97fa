import { randomInt } from "node:crypto";

import type { Random } from "../ports/random.ts";

/** Chance from the machine. */
export const systemRandom: Random = {
  fraction: () => Math.random(),
  integer: (maxExclusive) => {
    if (!Number.isInteger(maxExclusive) || maxExclusive < 1) {
      throw new RangeError(`The bound must be a whole number of at least 1, got ${maxExclusive}`);
    }
    return randomInt(maxExclusive);
  },
};
