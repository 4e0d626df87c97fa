import { describe, expect, it } from "vitest";
import { MUTANTS } from "./mutants/index.ts";
import { simulate } from "./simulate.ts";

/** Each planted bug is to be found within so many seeds. */
const WITHIN = 500;

describe("a planted bug is found", () => {
  it.each(MUTANTS)("$name", { timeout: 300_000 }, async (mutant) => {
    let seed = 1;
    let found = (await simulate(seed, { mutant })).findings;
    while (found.length === 0 && seed < WITHIN) {
      seed++;
      found = (await simulate(seed, { mutant })).findings;
    }
    console.log(`${mutant.name}: found by seed ${seed}: ${found[0]?.rule}`);
    expect(found, `not found within ${WITHIN} seeds`).not.toEqual([]);
    expect((await simulate(seed)).findings, "found without the bug, too").toEqual([]);
    const again = await simulate(seed, { mutant });
    expect(again.findings, "the finding replays").toEqual(found);
  });
});
