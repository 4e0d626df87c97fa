/** How long somebody is left alone who asked for it (Retry-After). */

/** The longest that is heeded. */
const MAX_HOLD_MS = 3_600_000;

/** Until when it is held as seen at `at`: never for longer than a hold may be, though the clock was put back. */
export function heldUntilOf(heldUntil: number, at: number): number {
  return Math.min(heldUntil, at + MAX_HOLD_MS);
}

/** In whole seconds: calls that end together all bring a hold, and one write is enough for them. */
export function holdFor(retryAfterMs: number, at: number): number {
  const asked = Math.ceil((at + retryAfterMs) / 1000) * 1000;
  return Math.min(asked, Math.floor((at + MAX_HOLD_MS) / 1000) * 1000);
}
