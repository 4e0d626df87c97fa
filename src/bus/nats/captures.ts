/**
 * Whether every subject that `wanted` matches is matched by `pattern` too. Both may have the wildcards of NATS: `*` for one token, `>` for all
 * that follow, one at least.
 */
export function captures(pattern: string, wanted: string): boolean {
  const patterns = pattern.split(".");
  const tokens = wanted.split(".");
  for (const [index, part] of patterns.entries()) {
    const token = tokens[index];
    if (token === undefined) return false;
    if (part === ">") return true;
    if (token === ">" || (part !== "*" && part !== token)) return false;
  }
  return patterns.length === tokens.length;
}
