import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { markdownTable } from "../../../scripts/markdown-table.ts";
import { REQUIREMENTS } from "../../../scripts/requirements/all.ts";
import type { RequirementSection } from "../../../scripts/requirements/requirement.ts";
import { faultsIn, requirementsIn, requirementsPage, testsById } from "../../../scripts/requirements.ts";

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

  it("has a column of remarks in a section that has any, and in no other", () => {
    const page = requirementsPage(
      [...sections, { title: "任务控制", texts: { "R-903": { text: "Third", note: "Otherwise" }, "R-904": "Last" } }],
      new Map(),
    );
    expect(page).toMatch(/\| id {4}\| what it asks \| shown by \|\n/);
    expect(page).toMatch(/\| id {4}\| what it asks \| remark {4}\| shown by \|\n/);
    expect(page).toMatch(/\| R-903 \| Third {8}\| Otherwise \| +\|\n\| R-904 \| Last {9}\| {11}\| +\|\n$/);
  });

  it('says "not yet" of a requirement that is open', () => {
    const texts = { "R-901": { text: "One", open: true } } satisfies RequirementSection["texts"];
    expect(requirementsPage([{ title: "金智", texts }], new Map())).toMatch(/\| R-901 \| One {10}\| not yet {2}\|\n$/);
  });
});

describe("the check", () => {
  const texts = {
    "R-901": "One",
    "R-902": { text: "Another", note: "Otherwise" },
    "R-903": { text: "Third", open: true },
  } satisfies RequirementSection["texts"];
  const faults = (...named: readonly string[]) =>
    faultsIn([{ title: "金智", texts }], new Map(named.map((id) => [id, ["test/a.test.ts", "test/b.test.ts"]])));

  it("finds nothing wrong when tests name all that is not open, and nothing else", () => {
    expect(faults("R-901", "R-902")).toEqual([]);
  });

  it("tells which ones no test names", () => {
    expect(faults("R-901")).toEqual(["No test names R-902."]);
  });

  it("tells which ones a test names though they are said to be open", () => {
    expect(faults("R-901", "R-902", "R-903")).toEqual(["R-903 is open, and test/a.test.ts names it."]);
  });
});

describe("the requirements", () => {
  const idsOf = ({ texts }: RequirementSection): readonly string[] => Object.keys(texts);

  it("are all there, each once", () => {
    const ids = REQUIREMENTS.flatMap(idsOf);
    expect(ids.toSorted()).toEqual(
      Array.from({ length: 142 }, (_, index) => `R-${String(index + 1).padStart(3, "0")}`),
    );
  });

  it.each(REQUIREMENTS)("stand in order: $title", (section) => {
    expect(idsOf(section)).toEqual(idsOf(section).toSorted());
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
