/**
 * docs/requirements.md: every requirement of task centres with the tests that show it, found by the ids that tests name in titles and comments.
 *
 * `node scripts/requirements.ts` writes it; with `--check` it compares, and ends with 1 when the page is stale or a requirement has no test.
 */
import { glob, readFile, writeFile } from "node:fs/promises";
import { basename, resolve } from "node:path";

import { markdownTable } from "./markdown-table.ts";
import { REQUIREMENTS } from "./requirements-texts.ts";
import type { RequirementSection } from "./requirements-texts.ts";

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

/** The page, with a table for each section. */
export function requirementsPage(sections: readonly RequirementSection[], tests: TestsById): string {
  const parts = sections.map(({ title, texts }) => {
    const rows = Object.entries(texts).map(([id, text]) => [id, text, (tests.get(id) ?? []).map(linkTo).join(", ")]);
    return `## ${title}\n\n${markdownTable(["id", "what it asks", "shown by"], rows)}\n`;
  });
  return `${HEAD}\n${parts.join("\n")}`;
}

const HEAD = `# Requirements of task centres

What is asked of 任务中心, in a line each, and the tests that show it. The [guide](task-centers.md) says how it works. This page is made by
\`scripts/requirements.ts\` from the ids that tests name.
`;

/** Requirements without a test. */
export function missingIn(sections: readonly RequirementSection[], tests: TestsById): readonly string[] {
  return sections.flatMap(({ texts }) => Object.keys(texts)).filter((id) => (tests.get(id) ?? []).length === 0);
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
  const missing = missingIn(REQUIREMENTS, tests);
  if (missing.length > 0) process.stderr.write(`No test names ${missing.join(", ")}.\n`);
  const wanted = requirementsPage(REQUIREMENTS, tests);
  if (mode !== "--check") {
    await writeFile(PAGE, wanted);
    return 0;
  }
  const isStale = (await readFile(PAGE, "utf8").catch(() => "")) !== wanted;
  if (isStale) process.stderr.write(`${PAGE} is not what the tests name: run \`npm run requirements\`.\n`);
  return isStale || missing.length > 0 ? 1 : 0;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
