import { describe, expect, it } from "vitest";

import { suppressionsIn } from "../../../scripts/check-suppressions.ts";

/** Keeps the examples from being suppressions of this file. */
const slash = "/";

describe("the check of suppressions", () => {
  it.each([
    `${slash}${slash} eslint-disable-next-line no-console`,
    `${slash}* oxlint-disable *${slash}`,
    `const a = 1; ${slash}${slash} @ts-ignore: later`,
    `${slash}${slash}@ts-expect-error`,
    `${slash}${slash} oxfmt-ignore`,
  ])("finds %s", (comment) => {
    expect(suppressionsIn(`const a = 1;\n${comment}\n`)).toMatchObject([{ line: 2 }]);
  });

  it("lets other comments and mere words pass", () => {
    expect(
      suppressionsIn('// disable it\nconst a = "eslint-disable";\n/** Says eslint-disable somewhere. */\n'),
    ).toEqual([]);
  });
});
