/** People as platforms know them: by the number that is the same in all systems. */
import type { Person } from "../domain/approval/session.ts";

/** None twice, and none of those who have no number. */
export function numbersOf(people: readonly Person[]): readonly string[] {
  return [...new Set(people.map(({ number }) => number).filter((number) => number !== ""))];
}
