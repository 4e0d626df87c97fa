/**
 * Facts that come in any order and more than once end the same: each keeps the time of the event that told it, and gives way to a newer one only. Of
 * two that are told for the same time, something outranks nothing, and else the greater text the lesser: whichever comes first, the same one stands.
 */
import type { ToldAt } from "./records.ts";

export interface Told<Facts extends object> {
  readonly facts: Facts;
  readonly toldAt: ToldAt;
}

/** The same objects come back when nothing is new. Facts that are undefined are left out. */
export function tell<Facts extends object>(known: Told<Facts>, news: Partial<Facts>, happenedAt: number): Told<Facts> {
  const { facts, toldAt } = known;
  const before = new Map<string, unknown>(Object.entries(facts));
  const taken = Object.entries(news).filter(([name, value]) => {
    const at = Object.hasOwn(toldAt, name) ? toldAt[name] : undefined;
    return (
      value !== undefined &&
      (at === undefined || happenedAt > at || (happenedAt === at && outranks(value, before.get(name))))
    );
  });
  if (taken.length === 0) {
    return known;
  }
  const changed = taken.filter(([name, value]) => textOf(value) !== textOf(before.get(name)));
  return {
    facts: changed.length === 0 ? facts : { ...facts, ...Object.fromEntries(changed) },
    toldAt: { ...toldAt, ...Object.fromEntries(taken.map(([name]) => [name, happenedAt])) },
  };
}

/** A value as text, the same for equal values. */
export function textOf(value: unknown): string {
  return JSON.stringify(value ?? null, (_, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

function outranks(value: unknown, before: unknown): boolean {
  const [text, textBefore] = [textOf(value), textOf(before)];
  return isNothing(text) === isNothing(textBefore) ? text > textBefore : isNothing(textBefore);
}

function isNothing(text: string): boolean {
  return text === "null" || text === '""' || text === "[]" || text === "{}";
}
