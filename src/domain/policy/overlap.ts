/** What happens when an occurrence is due while instances of the definition are unfinished. */
export type OverlapPolicy =
  | "SKIP"
  | "BUFFER_ONE"
  | "BUFFER_ALL"
  | "CANCEL_OTHER"
  | "TERMINATE_OTHER"
  | "ALLOW_ALL";

export const DEFAULT_BUFFER_LIMIT = 1000;
