import { p } from "@mikro-orm/core";

/** Text that stands in an index: compared by its bytes, which is fast and the same on every machine. */
export const key = () => p.text().collation("C");

/** Epoch milliseconds. As psql shows it: `to_timestamp(created_at / 1000.0)`. */
export const instant = () => p.bigint("number");

/** A whole number that only grows. */
export const count = () => p.bigint("number");

/** Opaque to the database; `json` keeps the text as it came and takes all of it, `\u0000` too. */
export const document = () => p.type("json").columnType("json").$type<unknown>();

/** Texts in no order that matters; found by `@>`. */
export const textList = () => p.type("string[]").columnType("text[]").$type<string[]>();

export const labels = () => p.type("json").columnType("jsonb").$type<Record<string, string>>();
