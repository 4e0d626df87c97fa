/** Texts cut to a size, which never leave half a character. */

export interface Cut {
  readonly text: string;
  readonly isCut: boolean;
}

/** The beginning of a text, of at most so many bytes as UTF-8 and so many inside JSON. */
export function cutText(text: string, bounds: { readonly bytes: number; readonly jsonBytes: number }): Cut {
  const { bytes, jsonBytes } = bounds;
  if (Buffer.byteLength(text) <= bytes && jsonSize(text) <= jsonBytes) return { text, isCut: false };
  let plain = 0;
  let inJson = 0;
  let end = 0;
  for (const character of text) {
    const size = Buffer.byteLength(character);
    plain += size;
    inJson += isEscaped(character) ? jsonSize(character) : size;
    if (plain > bytes || inJson > jsonBytes) return { text: text.slice(0, end), isCut: true };
    end += character.length;
  }
  return { text, isCut: false };
}

/** How many bytes a text takes inside JSON, its quotes apart. */
export function jsonSize(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - 2;
}

/** Quotes, backslashes, control characters and halves of characters take more room in JSON. */
function isEscaped(character: string): boolean {
  return /["\\\p{Cc}\p{Cs}]/u.test(character);
}
