/**
 * Words for statuses: Celery's own, and those that other projects used before (旧状态词). Old words are translated where they come in; what is kept and
 * shown is Celery's.
 *
 * Where two vocabularies have the same word they mean the same by it, so a word alone is enough. A word may still be said with its vocabulary,
 * `newshub:partial`: then it must be one of that.
 */
import type { CeleryStatus } from "./celery-status.ts";
import { CELERY_STATUSES, isCeleryStatus } from "./celery-status.ts";

type Table = Readonly<Record<string, CeleryStatus>>;

/** Old words by the project they are of. */
export const VOCABULARIES = {
  newshub: { pending: "PENDING", running: "STARTED", completed: "SUCCESS", failed: "FAILURE", partial: "FAILURE" },
  devify: { running: "STARTED", completed: "SUCCESS", failed: "FAILURE", cancelled: "REVOKED" },
} as const satisfies Record<string, Table>;

/**
 * Words that mean less than the status they become, so that the word is kept beside it: `partial` is FAILURE, and yet not the same as `failed`.
 */
const KEPT: ReadonlySet<string> = new Set(["partial"]);

/** Where such a word is kept in the metadata. */
export const ORIGINAL_STATUS_KEY = "original_status";

export type StatusReading =
  | {
      readonly kind: "known";
      readonly status: CeleryStatus;
      /** Null: the status says it all. */ readonly kept: string | null;
    }
  | { readonly kind: "unknown"; readonly description: string };

/** What a word for a status means. */
export function readStatus(given: string): StatusReading {
  if (isCeleryStatus(given)) {
    return { kind: "known", status: given, kept: null };
  }
  const colon = given.indexOf(":");
  const vocabulary = colon === -1 ? null : given.slice(0, colon);
  const word = given.slice(colon + 1);
  const tables: readonly Table[] = vocabulary === null ? Object.values(VOCABULARIES) : tablesOf(vocabulary);
  for (const table of tables) {
    const status = Object.hasOwn(table, word) ? table[word] : undefined;
    if (status !== undefined) {
      return { kind: "known", status, kept: KEPT.has(word) ? word : null };
    }
  }
  return { kind: "unknown", description: `must be one of ${allWords()}` };
}

function tablesOf(vocabulary: string): readonly Table[] {
  return Object.hasOwn(VOCABULARIES, vocabulary) ? [VOCABULARIES[vocabulary as keyof typeof VOCABULARIES]] : [];
}

function allWords(): string {
  const old = Object.entries(VOCABULARIES).map(([name, table]) => `${Object.keys(table).join(", ")} (${name})`);
  return [CELERY_STATUSES.join(", "), ...old].join("; ");
}
