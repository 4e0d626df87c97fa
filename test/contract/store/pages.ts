import type { ListCursor } from "../../../src/ports/store/queries.ts";

/** More than any test writes. */
const MAX_ROWS = 1000;

/** Reads a list to its end in pages of this size, as a caller with page tokens does. */
export async function readPages<Row>(
  size: number,
  list: (after: ListCursor | null, limit: number) => Promise<readonly Row[]>,
  cursorOf: (row: Row) => ListCursor,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (;;) {
    const last = rows.at(-1);
    const page = await list(last === undefined ? null : cursorOf(last), size);
    if (page.length > size) throw new Error(`A page of ${page.length} rows, ${size} were asked for`);
    if (page.length === 0) return rows;
    rows.push(...page);
    if (rows.length > MAX_ROWS) throw new Error(`The list has no end: more than ${MAX_ROWS} rows were read`);
  }
}
