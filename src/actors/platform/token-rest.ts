/** How long a platform is left alone that could not give a token which pushes need (P6 of `token.ts`). */
import type { PlatformRecord } from "../../domain/platform/platform.ts";

const REST_MS = 5000;

/** Whether it has one that may be used. */
export function hasToken({ token }: PlatformRecord, at: number): boolean {
  return token !== null && at < token.expiresAt;
}

/** The end of a rest that begins at `at`. */
export function restFrom(at: number): number {
  return at + REST_MS;
}

/** Until when it rests as seen at `at`: never for longer than a rest may be, though the clock was put back. Null: it does not. */
export function restUntilOf(record: PlatformRecord, at: number): number | null {
  const retryAt = record.tokenFailure?.retryAt ?? null;
  return retryAt === null || retryAt <= at || hasToken(record, at) ? null : Math.min(retryAt, restFrom(at));
}

/** When its rest is to be looked at; null: never. When the clock was put back, that is now. */
export function restLookOf({ tokenFailure }: PlatformRecord, at: number): number | null {
  const retryAt = tokenFailure?.retryAt ?? null;
  return retryAt !== null && retryAt > restFrom(at) ? at : retryAt;
}

/** Ends a rest whose time has come, and shortens one that is too long. @returns the same object when nothing changed. */
export function rested(record: PlatformRecord, at: number): PlatformRecord {
  const { tokenFailure } = record;
  if (tokenFailure === null || tokenFailure.retryAt === null) {
    return record;
  }
  const retryAt = tokenFailure.retryAt <= at ? null : Math.min(tokenFailure.retryAt, restFrom(at));
  return retryAt === tokenFailure.retryAt ? record : { ...record, tokenFailure: { ...tokenFailure, retryAt } };
}
