/**
 * What can happen to a lock. `elapsedMs` says how long ago the hold was granted, or renewed last, as the node that asks has measured it: not by two
 * readings of a wall clock, which may have been put forward or back between them. Of a lock that is free it says nothing.
 */
export type LockEvent =
  | {
      readonly type: "ACQUIRE";
      readonly at: number;
      readonly elapsedMs: number;
      readonly holder: string;
      readonly ttlMs: number;
    }
  | {
      readonly type: "RENEW";
      readonly at: number;
      readonly elapsedMs: number;
      readonly token: number;
      /** From now on; or for what is left, when that is longer. Left out: as long as before. */
      readonly ttlMs?: number;
    }
  | { readonly type: "RELEASE"; readonly at: number; readonly elapsedMs: number; readonly token: number }
  /** The time of its hold may be up. */
  | { readonly type: "WAKE"; readonly at: number; readonly elapsedMs: number };

export type LockEventOf<Type extends LockEvent["type"]> = Extract<LockEvent, { readonly type: Type }>;
