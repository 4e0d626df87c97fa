import type { LabelFilter } from "../../ports/store/queries.ts";
import { storableText } from "./binary-columns.ts";

const NONE = "{}";

/**
 * Labels as jsonb that can be searched. The record's own labels stand in its document; here jsonb's limits (no NUL, no lone surrogates) are
 * kept by replacing, so that a strange label never breaks a commit.
 */
export function indexableLabels(labels: LabelFilter): string {
  const entries = Object.entries(labels);
  if (entries.length === 0) return NONE;
  return JSON.stringify(Object.fromEntries(entries.map(([name, value]) => [plainText(name), plainText(value)])));
}

/** A text as the labels that are searched have it. */
export function plainText(text: string): string {
  return storableText(text).toWellFormed();
}
