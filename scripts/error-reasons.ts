/**
 * The table of reasons in docs/errors.md, which is made from proto/belfry/v1/error_reason.proto and stands between two lines
 * `<!-- reasons -->`.
 *
 * `node scripts/error-reasons.ts` writes it; with `--check` it compares and ends with 1 when the page has another.
 */
import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";

const PAGE = resolve(import.meta.dirname, "../docs/errors.md");
const PROTO = resolve(import.meta.dirname, "../proto/belfry/v1/error_reason.proto");
const MARKER = "<!-- reasons -->";
/** `// CODE: meaning`, over as many lines as it takes, above `ERROR_REASON_NAME = 1;` */
const REASON =
  /^ {2}\/\/ (?<code>[A-Z_]+): (?<meaning>.+(?:\n {2}\/\/ .+)*)\n {2}ERROR_REASON_(?<name>[A-Z_]+) = \d+;$/gm;

function table(proto: string): string {
  const rows = [...proto.matchAll(REASON)].map(({ groups }) => [
    `\`${groups?.["name"]}\``,
    groups?.["code"] ?? "",
    sentence(groups?.["meaning"] ?? ""),
  ]);
  const declared = proto.match(/^ {2}ERROR_REASON_/gm)?.length ?? 0;
  // A reason that the pattern does not understand must not be left out; UNSPECIFIED has no code.
  if (rows.length !== declared - 1)
    throw new Error(`${PROTO} has ${declared} values, of which ${rows.length} can be read`);
  const cells = [["reason", "code", "meaning"], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [head = [], ...others] = cells;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...others.map(line)].join("\n");
}

function sentence(text: string): string {
  const line = text.replaceAll(/\n {2}\/\/ /g, " ");
  return line.charAt(0).toUpperCase() + line.slice(1).replace(/\.?$/, ".");
}

const text = await readFile(PAGE, "utf8");
const parts = text.split(MARKER);
if (parts.length !== 3) throw new Error(`${PAGE} does not have two lines ${MARKER} for the table to stand between`);
const wanted = [parts[0], `\n\n${table(await readFile(PROTO, "utf8"))}\n\n`, parts[2]].join(MARKER);
if (text !== wanted) {
  if (process.argv.includes("--check")) {
    console.error("docs/errors.md is not what error_reason.proto says: run `node scripts/error-reasons.ts`");
    process.exitCode = 1;
  } else {
    await writeFile(PAGE, wanted);
  }
}
