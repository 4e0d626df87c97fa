import { expect, test } from "vitest";
import { MISSING } from "./celery-programs.ts";
import type { CeleryPrograms } from "./celery-programs.ts";

/** Stands in for the tests that this machine cannot run, and says so. @param what begins a sentence. */
export function celeryNotShown(
  what: string,
  { reason, detail }: Extract<CeleryPrograms, { readonly kind: "missing" }>,
) {
  test(`${what} is NOT SHOWN by this run, for a reason that is known`, () => {
    console.warn(`NOT SHOWN: ${what}. On this machine ${MISSING[reason]}. ${detail}`);
    expect(Object.keys(MISSING)).toContain(reason);
  });
}
