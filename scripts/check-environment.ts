/**
 * The table of environment variables in the README, which is made from `src/config/variables.ts` and `runtime-values.ts` and stands between two lines
 * `<!-- environment -->`.
 *
 *     node scripts/check-environment.ts            prints the table
 *     node scripts/check-environment.ts --check    ends with 1 when the README has another
 *     node scripts/check-environment.ts --write    puts it into the README
 *
 * A path after the option names another file than README.md.
 */
import { readFile, writeFile } from "node:fs/promises";

import { CONFIG_VARIABLES } from "../src/config/runtime-values.ts";
import { VARIABLES } from "../src/config/variables.ts";
import type { Variable } from "../src/config/variables.ts";

const MARKER = "<!-- environment -->";

export const ALL_VARIABLES: readonly Variable[] = [...Object.values(VARIABLES), ...CONFIG_VARIABLES];

/** The table as Markdown, a row a variable. */
export function environmentTable(variables: readonly Variable[] = ALL_VARIABLES): string {
  const rows = variables.map(({ name, fallback, fallbackInWords, meaning, allowed }) => [
    `\`${name}\``,
    fallbackInWords ?? (fallback === null ? "" : `\`${fallback}\``),
    meaning,
    `${allowed.charAt(0).toUpperCase()}${allowed.slice(1)}`,
  ]);
  const head = ["Variable", "Default", "What", "Value"];
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  // As the formatter lays a table out: columns as wide as their widest cell.
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [first = head, ...others] = cells;
  return [first, widths.map((width) => "-".repeat(width)), ...others].map(line).join("\n");
}

/** The text with the table between its markers; undefined when it does not have two of them. */
export function withEnvironmentTable(text: string, table: string): string | undefined {
  const parts = text.split(MARKER);
  return parts.length === 3 ? [parts[0], `\n\n${table}\n\n`, parts[2]].join(MARKER) : undefined;
}

async function main([mode, path = "README.md"]: readonly string[]): Promise<number> {
  const table = environmentTable();
  if (mode === undefined) {
    process.stdout.write(`${table}\n`);
    return 0;
  }
  const text = await readFile(path, "utf8");
  const wanted = withEnvironmentTable(text, table);
  if (wanted === undefined) {
    process.stderr.write(`${path} does not have two lines ${MARKER} for the table to stand between.\n`);
    return 1;
  }
  if (text === wanted) return 0;
  if (mode === "--write") {
    await writeFile(path, wanted);
    return 0;
  }
  process.stderr.write(
    `The table of environment variables in ${path} is not what src/config/variables.ts says: run \`node scripts/check-environment.ts --write\`.\n`,
  );
  return 1;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
