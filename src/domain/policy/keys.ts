/** What happens when a unique key is taken. */
export type UniqueConflict = "REJECT" | "USE_EXISTING" | "CANCEL_EXISTING";

/** Keeps a second instance with the same key away while one is unfinished; per definition. */
export interface UniqueKey {
  readonly key: string;
  readonly onConflict: UniqueConflict;
}

/** At most `limit` instances with the same key run at a time; per definition. */
export interface ConcurrencyKey {
  readonly key: string;
  readonly limit: number;
}

/** The code of the error of an instance whose place a newer one with the same supersede key took. */
export const SUPERSEDED = "SUPERSEDED";
