/**
 * When a due time is fired: `dueAt` plus a delay of at least 0 and less than `jitterMs`, a pure function of the seed
 * and the due time. Whoever computes it, on whichever node and however often, gets the same instant.
 *
 * @param seed the definition's id: definitions that are due together spread out.
 */
export function fireTime(dueAt: number, jitterMs: number, seed: string): number {
  if (jitterMs <= 0) return dueAt;
  return dueAt + Math.floor(unitHash(`${seed}@${dueAt}`) * jitterMs);
}

/** A number in [0, 1) spread evenly over texts: 53 bits of two interleaved multiplicative hashes (cyrb53). */
function unitHash(text: string): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let position = 0; position < text.length; position += 1) {
    const code = text.charCodeAt(position);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return ((low >>> 0) * 0x20_0000 + ((high >>> 0) >>> 11)) / 2 ** 53;
}
