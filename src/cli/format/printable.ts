/**
 * Text of others as a terminal may show it: on one line, and without control characters, by which a name could move the cursor, change colours
 * or turn the direction of what follows.
 */
export function printable(text: string): string {
  return text
    .replaceAll(/[\t\n\r\v\f\u0085\u2028\u2029]+/gu, " ")
    .replaceAll(/[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu, "\uFFFD");
}
