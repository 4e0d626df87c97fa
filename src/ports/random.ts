/** Chance for jitter and sampling. Not for secrets: those come from {@link import("./ids.ts").Ids.token}. */
export interface Random {
  /** A number from 0 (included) to 1 (excluded), evenly spread. */
  fraction(): number;

  /**
   * A whole number from 0 (included) to `maxExclusive` (excluded), evenly spread.
   *
   * @throws RangeError when `maxExclusive` is not a whole number from 1 to 2^48 - 1.
   */
  integer(maxExclusive: number): number;
}
