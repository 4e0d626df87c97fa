/** How long a receiver asks to be left alone: the header `Retry-After` (RFC 9110, 10.2.3). */

/** Nobody is heeded for longer: what is meant for the next week is likely a mistake. */
const LONGEST_RETRY_AFTER_MS = 3_600_000;

const SECONDS = /^\d{1,10}$/u;
/** `Sun, 06 Nov 1994 08:49:37 GMT`, and `Sunday, 06-Nov-94 08:49:37 GMT`, which is obsolete and must be understood. */
const DATE = /^[A-Z][a-z]{2,8}, \d{2}[ -][A-Z][a-z]{2}[ -]\d{2,4} \d{2}:\d{2}:\d{2} GMT$/u;
/** `Sun Nov  6 08:49:37 1994`, which is obsolete too, and means GMT without saying so. */
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/u;

/** Undefined: it asks for nothing, for a time that is over, or nobody can tell for what. @param at now. */
export function retryAfterMs(value: string | undefined, at: number): number | undefined {
  const text = value?.trim() ?? "";
  const ms = SECONDS.test(text) ? Number(text) * 1000 : dateOf(text) - at;
  return ms > 0 ? Math.min(ms, LONGEST_RETRY_AFTER_MS) : undefined;
}

/** NaN when it is no date. */
function dateOf(text: string): number {
  if (DATE.test(text)) return Date.parse(text);
  return ASCTIME.test(text) ? Date.parse(`${text} GMT`) : Number.NaN;
}
