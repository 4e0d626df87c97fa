/**
 * Columns of many rows in PostgreSQL's binary format: arrays, and composite values of arrays.
 *
 * The journal sends hundreds of rows a commit. As text they would be quoted here and parsed there; in this form numbers are copied and texts
 * written once. All lengths are known before a buffer is made, so each column costs one allocation.
 */

/** One column: its array's type, and the values in binary. */
export interface BinaryColumn {
  /** OID of the array type; those of built-in types never change. */
  readonly arrayType: number;
  readonly bytes: Buffer;
}

const BOOLEAN = { element: 16, array: 1000 };
const SMALLINT = { element: 21, array: 1005 };
const INTEGER = { element: 23, array: 1007 };
const TEXT = { element: 25, array: 1009 };
const BIGINT = { element: 20, array: 1016 };
const JSON_TEXT = { element: 114, array: 199 };

const HEADER_BYTES = 20;
const NULL_LENGTH = -1;

export function booleans<Row>(rows: readonly Row[], value: (row: Row) => boolean | null): BinaryColumn {
  return fixed(BOOLEAN, 1, rows, value, (bytes, claim, at) => bytes.writeUInt8(claim ? 1 : 0, at));
}

export function smallints<Row>(rows: readonly Row[], value: (row: Row) => number): BinaryColumn {
  return fixed(SMALLINT, 2, rows, value, (bytes, number, at) => bytes.writeInt16BE(number, at));
}

export function integers<Row>(rows: readonly Row[], value: (row: Row) => number): BinaryColumn {
  return fixed(INTEGER, 4, rows, value, (bytes, number, at) => bytes.writeInt32BE(number, at));
}

/** Whole numbers that JavaScript holds exactly; null stays null. */
export function bigints<Row>(rows: readonly Row[], value: (row: Row) => number | null): BinaryColumn {
  return fixed(BIGINT, 8, rows, value, (bytes, number, at) => {
    if (!Number.isSafeInteger(number)) throw new RangeError(`${number} is not a whole number that is kept exactly`);
    const high = Math.floor(number / 0x1_0000_0000);
    bytes.writeInt32BE(high, at);
    return bytes.writeUInt32BE(number - high * 0x1_0000_0000, at + 4);
  });
}

/** Null stays null. PostgreSQL has no text with NUL characters: they become U+FFFD, as lone surrogates do. */
export function texts<Row>(rows: readonly Row[], value: (row: Row) => string | null): BinaryColumn {
  return variable(TEXT, rows, (row) => {
    const text = value(row);
    return text === null ? null : storableText(text);
  });
}

/** Lists of texts, each as the text of an array (`::text[]`): a column of arrays would need them all of one length. */
export function textLists<Row>(rows: readonly Row[], value: (row: Row) => readonly string[]): BinaryColumn {
  return texts(rows, (row) => `{${value(row).map(quoted).join(",")}}`);
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/gu, "\\$&")}"`;
}

/** Values as JSON, which holds any text. */
export function documents<Row>(rows: readonly Row[], value: (row: Row) => unknown): BinaryColumn {
  return variable(JSON_TEXT, rows, (row) => JSON.stringify(value(row)));
}

/** A text as a text column takes it. Texts to look for must take the same way. */
export function storableText(text: string): string {
  return text.includes("\0") ? text.replaceAll("\0", "\u{FFFD}") : text;
}

/** One composite value with these columns. */
export function composite(columns: readonly BinaryColumn[]): Buffer {
  let size = 4;
  for (const column of columns) size += 8 + column.bytes.length;
  const bytes = Buffer.allocUnsafe(size);
  let at = bytes.writeInt32BE(columns.length, 0);
  for (const column of columns) {
    at = bytes.writeInt32BE(column.arrayType, at);
    at = bytes.writeInt32BE(column.bytes.length, at);
    at += column.bytes.copy(bytes, at);
  }
  return bytes;
}

function fixed<Row, Value>(
  type: { element: number; array: number },
  width: number,
  rows: readonly Row[],
  value: (row: Row) => Value | null,
  write: (bytes: Buffer, value: Value, at: number) => number,
): BinaryColumn {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + rows.length * (4 + width));
  let at = HEADER_BYTES;
  let holdsNull = false;
  for (const row of rows) {
    const cell = value(row);
    if (cell === null) {
      holdsNull = true;
      at = bytes.writeInt32BE(NULL_LENGTH, at);
    } else {
      at = write(bytes, cell, bytes.writeInt32BE(width, at));
    }
  }
  writeHeader(bytes, type.element, rows.length, holdsNull);
  return { arrayType: type.array, bytes: at === bytes.length ? bytes : bytes.subarray(0, at) };
}

function variable<Row>(
  type: { element: number; array: number },
  rows: readonly Row[],
  value: (row: Row) => string | null,
): BinaryColumn {
  const cells: (string | null)[] = [];
  let size = HEADER_BYTES;
  let holdsNull = false;
  for (const row of rows) {
    const cell = value(row);
    cells.push(cell);
    if (cell === null) holdsNull = true;
    size += 4 + (cell === null ? 0 : Buffer.byteLength(cell));
  }
  const bytes = Buffer.allocUnsafe(size);
  let at = HEADER_BYTES;
  for (const cell of cells) {
    if (cell === null) {
      at = bytes.writeInt32BE(NULL_LENGTH, at);
    } else {
      const length = bytes.write(cell, at + 4);
      at = bytes.writeInt32BE(length, at) + length;
    }
  }
  writeHeader(bytes, type.element, rows.length, holdsNull);
  return { arrayType: type.array, bytes };
}

/** One dimension, lower bound 1. */
function writeHeader(bytes: Buffer, elementType: number, length: number, holdsNull: boolean): void {
  bytes.writeInt32BE(1, 0);
  bytes.writeInt32BE(holdsNull ? 1 : 0, 4);
  bytes.writeInt32BE(elementType, 8);
  bytes.writeInt32BE(length, 12);
  bytes.writeInt32BE(1, 16);
}
