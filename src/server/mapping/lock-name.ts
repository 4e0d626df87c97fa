import { createHash } from "node:crypto";

/** Characters of a `param` that stand in the name as they are. */
const LONGEST_PARAM = 200;
const DIGITS = 16;

/** The name of a lock: what is locked, and what of it. As agentcore-task names them, so that both mean the same lock. */
export function lockNameOf({ name, param }: { readonly name: string; readonly param: string }): string {
  if (param === "") return name;
  // In characters, not in the UTF-16 units of `length`.
  const isLong = param.length > LONGEST_PARAM && Array.from(param).length > LONGEST_PARAM;
  return `${name}_${isLong ? createHash("md5").update(param).digest("hex").slice(0, DIGITS) : param}`;
}
