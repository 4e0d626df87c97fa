/**
 * Page tokens say where a list goes on and which list it was: the method and all filters, by hash. A token is opaque to callers; nothing in
 * it is a secret, and one that was made up can do no more than start the caller's own list elsewhere.
 */
import { createHash } from "node:crypto";
import { toJson, type DescMessage, type JsonValue, type MessageShape } from "@bufbuild/protobuf";
import { BelfryError } from "../../domain/error.ts";
import { countFitting } from "./answer-bytes.ts";

const VERSION = 1;
const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 500;

export type CursorPart = string | number;

export interface Page {
  /** How many rows the page shows. */
  readonly size: number;
  /** Where it goes on; null on the first page. */
  readonly cursor: readonly CursorPart[] | null;
  /** The token of the page that goes on at a cursor. */
  tokenFor(cursor: readonly CursorPart[]): string;
}

/** @throws BelfryError PAGE_TOKEN_MISMATCH when the token was made for another list, or not here. */
export function pageOf<D extends DescMessage>(
  schema: D,
  request: MessageShape<D> & { readonly pageSize: number; readonly pageToken: string },
): Page {
  const { pageSize, pageToken } = request;
  const query = queryHash(schema, request);
  return {
    size: pageSize === 0 ? DEFAULT_PAGE_SIZE : Math.min(pageSize, MAX_PAGE_SIZE),
    cursor: pageToken === "" ? null : readToken(pageToken, query),
    tokenFor: (cursor) => Buffer.from(JSON.stringify([VERSION, query, ...cursor])).toString("base64url"),
  };
}

/** A cursor of a list that goes by (time, id). @throws BelfryError PAGE_TOKEN_MISMATCH */
export function listCursorOf({ cursor }: Page): { readonly at: number; readonly id: string } | null {
  if (cursor === null) return null;
  const [at, id, ...rest] = cursor;
  if (typeof at !== "number" || typeof id !== "string" || rest.length > 0) throw mismatch();
  return { at, id };
}

/** A cursor of a list that goes by one number. @throws BelfryError PAGE_TOKEN_MISMATCH */
export function numberCursorOf({ cursor }: Page): number | null {
  if (cursor === null) return null;
  const [value, ...rest] = cursor;
  if (typeof value !== "number" || rest.length > 0) throw mismatch();
  return value;
}

/** Shows `page.size` of the rows, of which one more was asked for, or as many as fit into an answer, and the token for the rest. */
export function cutPage<R extends object>(
  rows: readonly R[],
  page: Page,
  cursorOf: (row: R) => readonly CursorPart[],
): { readonly shown: readonly R[]; readonly nextPageToken: string } {
  const shown = rows.slice(0, Math.min(page.size, countFitting(rows)));
  const last = shown.at(-1);
  return {
    shown,
    nextPageToken: rows.length > shown.length && last !== undefined ? page.tokenFor(cursorOf(last)) : "",
  };
}

export function mismatch(): BelfryError {
  return new BelfryError(
    "PAGE_TOKEN_MISMATCH",
    "This page_token does not belong to this list. Send it with the same method and filters it came from, or leave it out to start anew.",
  );
}

function readToken(token: string, query: string): readonly CursorPart[] {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(token, "base64url").toString());
  } catch {
    throw mismatch();
  }
  if (!Array.isArray(parts) || parts[0] !== VERSION || parts[1] !== query) throw mismatch();
  const cursor: unknown[] = parts.slice(2);
  if (cursor.length === 0 || !cursor.every((part) => typeof part === "string" || Number.isSafeInteger(part)))
    throw mismatch();
  return cursor as CursorPart[];
}

function queryHash<D extends DescMessage>(schema: D, request: MessageShape<D>): string {
  const filters = toJson(schema, { ...request, pageSize: 0, pageToken: "" });
  return createHash("sha256").update(schema.typeName).update(canonical(filters)).digest("base64url").slice(0, 16);
}

/** JSON whose text does not depend on the order of keys. */
function canonical(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, held]) => `${JSON.stringify(key)}:${canonical(held)}`).join()}}`;
}
