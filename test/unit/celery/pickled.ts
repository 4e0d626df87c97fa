import { readFileSync } from "node:fs";

const PICKLES = JSON.parse(readFileSync(new URL("pickles.json", import.meta.url), "utf8")) as Readonly<
  Record<string, string>
>;

/** What Python pickled under this name, see pickles.py. */
export function pickled(name: string): Buffer {
  const digits = PICKLES[name];
  if (digits === undefined) throw new Error(`nothing was pickled as ${name}`);
  return Buffer.from(digits, "hex");
}
