/**
 * docs/requirements.md: every requirement with the tests that show it, found by the ids that tests name in titles and comments.
 *
 * `node scripts/requirements.ts` writes it; with `--check` it compares, and ends with 1 when the page is stale, a requirement has no test, or a test
 * names one that is open.
 */
import { glob, readFile, writeFile } from "node:fs/promises";
import { basename, resolve } from "node:path";

import { markdownTable } from "./markdown-table.ts";
import { REQUIREMENTS } from "./requirements/all.ts";
import type { Requirement, RequirementSection } from "./requirements/requirement.ts";

/** Files by requirement, in the order of their paths. */
export type TestsById = ReadonlyMap<string, readonly string[]>;

const PAGE = "docs/requirements.md";
/** Tests of the fakes show nothing of Belfry. */
const TESTS = ["test/**/*.test.ts", "test/contract/**/*-contract.ts"];
const FAKES = ["test/unit/support/**"];
/** `R-024`, or all of `R-024 to R-029`. */
const NAMED = /\bR-(?<first>\d{3})(?: to R-(?<last>\d{3}))?\b/g;

/** The requirements that a text names, ranges spelt out. */
export function requirementsIn(text: string): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const { groups } of text.matchAll(NAMED)) {
    const first = Number(groups?.["first"]);
    const last = Number(groups?.["last"] ?? first);
    for (let number = first; number <= last; number++) ids.add(`R-${String(number).padStart(3, "0")}`);
  }
  return ids;
}

/** The page, with a table for each section, and a column of remarks where there are any. */
export function requirementsPage(sections: readonly RequirementSection[], tests: TestsById): string {
  const parts = sections.map(({ title, texts }) => {
    const all = requirementsOf(texts);
    const hasNotes = all.some(({ note }) => note !== undefined);
    const rows = all.map(({ id, text, note = "", open }) => {
      const shownBy = open === true ? "not yet" : (tests.get(id) ?? []).map(linkTo).join(", ");
      return hasNotes ? [id, text, note, shownBy] : [id, text, shownBy];
    });
    const head = ["id", "what it asks", ...(hasNotes ? ["remark"] : []), "shown by"];
    return `## ${title}\n\n${markdownTable(head, rows)}\n`;
  });
  return `${HEAD}\n${parts.join("\n")}`;
}

const HEAD = `# Requirements

What is asked of Belfry, in a line each, and the tests that show it. A remark says where Belfry does it otherwise, or not all of it. This page is made
by \`scripts/requirements.ts\` from the ids that tests name.

Guides: [task centres](task-centers.md) (任务中心), [schedules](schedules.md), [webhooks](webhooks.md), [configuration](configuration.md).
`;

/** What is wrong between requirements and tests, a line each: no test names one, or a test names one that is said to be open. */
export function faultsIn(sections: readonly RequirementSection[], tests: TestsById): readonly string[] {
  return sections
    .flatMap(({ texts }) => requirementsOf(texts))
    .flatMap(({ id, open }) => {
      const [first] = tests.get(id) ?? [];
      if (open === true) return first === undefined ? [] : [`${id} is open, and ${first} names it.`];
      return first === undefined ? [`No test names ${id}.`] : [];
    });
}

function requirementsOf(texts: RequirementSection["texts"]): readonly (Requirement & { readonly id: string })[] {
  return Object.entries(texts).map(([id, given]) => ({ id, ...(typeof given === "string" ? { text: given } : given) }));
}

/** Which files below `root` name what. */
export async function testsById(root: string): Promise<TestsById> {
  const tests = new Map<string, string[]>();
  const paths: string[] = [];
  for await (const path of glob(TESTS, { cwd: root, exclude: FAKES })) paths.push(path);
  for (const path of paths.toSorted()) {
    for (const id of requirementsIn(await readFile(resolve(root, path), "utf8"))) {
      tests.set(id, [...(tests.get(id) ?? []), path]);
    }
  }
  return tests;
}

/** `jinzhi/plan` of `test/unit/platforms/jinzhi/plan.test.ts`. */
function linkTo(path: string): string {
  const folder = path.split("/").at(-2) ?? "";
  return `[${folder}/${basename(path).replace(/(\.properties)?\.test\.ts$|-contract\.ts$/, "$1")}](../${path})`;
}

async function main([mode]: readonly string[]): Promise<number> {
  const tests = await testsById(".");
  const faults = faultsIn(REQUIREMENTS, tests);
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  const wanted = requirementsPage(REQUIREMENTS, tests);
  if (mode !== "--check") {
    await writeFile(PAGE, wanted);
    return 0;
  }
  const isStale = (await readFile(PAGE, "utf8").catch(() => "")) !== wanted;
  if (isStale) process.stderr.write(`${PAGE} is not what the tests name: run \`npm run requirements\`.\n`);
  return isStale || faults.length > 0 ? 1 : 0;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
