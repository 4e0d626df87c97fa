/**
 * Checks that no comment switches a rule off: mend the code, or change the rule for everybody. A lint rule cannot check
 * this, since such a comment switches that rule off as well.
 *
 * `node scripts/check-suppressions.ts` prints what it finds and ends with 1, or with 0 when it finds nothing.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const FOLDERS = ["bench", "bin", "scripts", "src", "test"];
const SKIPPED = /(^|\/)node_modules\/|^src\/gen\//;
const SUPPRESSION =
  /(?:\/\/|\/\*|^\s*\*)[\s*]*((?:eslint|oxlint)-disable|oxfmt-ignore|prettier-ignore|v8 ignore|@ts-(?:ignore|nocheck|expect-error))/;

/** The suppressing comments of a source text: their line numbers, from 1, and what they say. */
export function suppressionsIn(source: string): readonly { readonly line: number; readonly what: string }[] {
  return source.split("\n").flatMap((text, index) => {
    const what = SUPPRESSION.exec(text)?.[1];
    return what === undefined ? [] : [{ line: index + 1, what }];
  });
}

async function sourcesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true }).catch(() => []);
  return entries.map((name) => join(folder, name)).filter((file) => /\.[cm]?[jt]s$/.test(file) && !SKIPPED.test(file));
}

if (import.meta.main) {
  const files = (await Promise.all(FOLDERS.map(sourcesBelow))).flat();
  for (const file of files) {
    for (const { line, what } of suppressionsIn(await readFile(file, "utf8"))) {
      console.error(`${file}:${line}: ${what} switches a rule off`);
      process.exitCode = 1;
    }
  }
}
