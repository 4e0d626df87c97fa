import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { markdownTable } from "../../../scripts/markdown-table.ts";
import { REQUIREMENTS } from "../../../scripts/requirements-texts.ts";
import { missingIn, requirementsIn, requirementsPage, testsById } from "../../../scripts/requirements.ts";

// Ids of here are beyond those that there are: this test shows none of them.
describe("the ids that a test names", () => {
  it.each([
    ["one in a title", 'it("R-901: holds", …)', ["R-901"]],
    ["several", "(R-901, R-903)", ["R-901", "R-903"]],
    ["each of a range", "R-902 to R-904", ["R-902", "R-903", "R-904"]],
    ["none of a longer word", "XR-901 and R-9012 and R-90", []],
  ])("are found: %s", (_, text, ids) => {
    expect([...requirementsIn(text)]).toEqual(ids);
  });
});

describe("the tests of a folder", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "belfry-requirements-"));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it("are listed by what they name, suites of contracts too, and no test of a fake or other file", async () => {
    const files = {
      "test/unit/b.test.ts": "R-901",
      "test/unit/a.test.ts": "R-901 and again R-901",
      "test/contract/store/x-contract.ts": "R-902",
      "test/unit/support/fake.test.ts": "R-903",
      "test/support/fake.ts": "R-903",
    };
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
    }
    expect([...(await testsById(folder))]).toEqual([
      ["R-902", ["test/contract/store/x-contract.ts"]],
      ["R-901", ["test/unit/a.test.ts", "test/unit/b.test.ts"]],
    ]);
  });
});

describe("the page", () => {
  const sections = [{ title: "金智", texts: { "R-901": "One", "R-902": "Another" } }];

  it("has a row for each requirement, with links to its tests", () => {
    const page = requirementsPage(
      sections,
      new Map([["R-901", ["test/unit/jinzhi/plan.test.ts", "test/contract/store/x-contract.ts"]]]),
    );
    expect(page).toContain("## 金智\n\n| id ");
    expect(page).toContain(
      "| R-901 | One          | [jinzhi/plan](../test/unit/jinzhi/plan.test.ts), [store/x](../test/contract/store/x-contract.ts) |",
    );
    expect(page).toMatch(/\| R-902 \| Another {6}\| +\|\n$/);
  });

  it("lacks nothing when every requirement has a test", () => {
    expect(missingIn(sections, new Map([["R-901", ["test/a.test.ts"]]]))).toEqual(["R-902"]);
    expect(
      missingIn(
        sections,
        new Map([
          ["R-901", ["a"]],
          ["R-902", ["a"]],
        ]),
      ),
    ).toEqual([]);
  });

  it("is about all of them, each once and in order", () => {
    const ids = REQUIREMENTS.flatMap(({ texts }) => Object.keys(texts));
    expect(ids).toEqual(Array.from({ length: 88 }, (_, index) => `R-${String(index + 1).padStart(3, "0")}`));
  });
});

it("a table counts Chinese as two places wide, as the formatter does", () => {
  expect(
    markdownTable(
      ["term", "in Chinese"],
      [
        ["token", "访问令牌"],
        ["a|b", ""],
      ],
    ),
  ).toBe(
    ["| term  | in Chinese |", "| ----- | ---------- |", "| token | 访问令牌   |", "| a\\|b  |            |"].join(
      "\n",
    ),
  );
});
