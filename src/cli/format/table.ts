import { printable } from "./printable.ts";
import { paint, writeLine } from "./screen.ts";
import type { Screen, Style } from "./screen.ts";
import { fitted, textWidth } from "./width.ts";

export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
  /** Gives way when the table is wider than the terminal. */
  readonly flexible?: boolean;
}

export type Cell = string | { readonly text: string; readonly style: Style | undefined };

const GAP = "  ";
/** A column that gives way keeps at least this much. */
const LEAST_WIDTH = 8;

/** Writes rows below their titles, in columns as wide as their widest cell. On a terminal, flexible columns give way so that a row is a line. */
export function writeTable(screen: Screen, columns: readonly Column[], rows: readonly (readonly Cell[])[]): void {
  const texts = rows.map((row) => columns.map((_, index) => printable(textOf(row[index] ?? ""))));
  const widths = widthsOf(columns, texts, screen.isTerminal ? screen.columns : undefined);
  const line = (cells: readonly { readonly text: string; readonly style: Style | undefined }[]): string =>
    cells
      .map(({ text, style }, index) => {
        const width = widths[index] ?? 0;
        const shown = fitted(text, width);
        const isLast = index === columns.length - 1;
        const blanks = " ".repeat(Math.max(0, width - textWidth(shown)));
        if (columns[index]?.align === "right") return blanks + paint(screen, style, shown);
        return paint(screen, style, shown) + (isLast ? "" : blanks);
      })
      .join(GAP)
      .trimEnd();

  writeLine(screen, line(columns.map(({ title }) => ({ text: title, style: "dim" }))));
  for (const [index, row] of rows.entries()) {
    writeLine(screen, line((texts[index] ?? []).map((text, column) => ({ text, style: styleOf(row[column] ?? "") }))));
  }
}

/** Writes names and values below each other: one resource in full. Values that are undefined or empty are left out. */
export function writeFields(
  screen: Screen,
  fields: readonly (readonly [name: string, value: Cell | undefined])[],
): void {
  const shown = fields.filter(
    (field): field is readonly [string, Cell] => field[1] !== undefined && textOf(field[1]) !== "",
  );
  const width = Math.max(0, ...shown.map(([name]) => textWidth(name)));
  for (const [name, value] of shown) {
    const label = paint(screen, "dim", name.padEnd(width));
    writeLine(screen, `${label}${GAP}${paint(screen, styleOf(value), printable(textOf(value)))}`);
  }
}

function textOf(cell: Cell): string {
  return typeof cell === "string" ? cell : cell.text;
}

function styleOf(cell: Cell): Style | undefined {
  return typeof cell === "string" ? undefined : cell.style;
}

function widthsOf(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  limit: number | undefined,
): readonly number[] {
  const widths = columns.map(({ title }, index) =>
    Math.max(textWidth(title), ...rows.map((row) => textWidth(row[index] ?? ""))),
  );
  if (limit === undefined) return widths;
  const flexible = [...columns.keys()].filter((index) => columns[index]?.flexible === true);
  let excess = widths.reduce((sum, width) => sum + width, GAP.length * (columns.length - 1)) - limit;
  while (excess > 0) {
    const widest = flexible.toSorted((one, other) => (widths[other] ?? 0) - (widths[one] ?? 0))[0];
    if (widest === undefined || (widths[widest] ?? 0) <= LEAST_WIDTH) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
  return widths;
}
