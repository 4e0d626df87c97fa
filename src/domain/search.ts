/**
 * How definitions are found by free text, in any language and with typos.
 *
 * A text is taken apart into grams. Chinese, Japanese and Korean run without spaces, so each character and each pair of neighbours is a gram;
 * words of other scripts give their trigrams, as if two spaces stood before and one behind, and the word itself. A store keeps the grams of
 * each definition and proposes those that share some with the query (`searchableGrams`, `searchGrams`); `matchScore` then says how well each
 * of them matches.
 */

/** Only so many characters of a text count. */
const SEARCHED_CHARACTERS = 1024;
/** A text gives at most so many grams. */
export const MAX_GRAMS = 2000;
/** Longer words count by their trigrams only: an index entry has a bound. */
const MAX_WHOLE_WORD = 64;
/** Below this what is shared is chance. */
const LEAST_SCORE = 0.15;
/** What is not contained as it is scores less than 1. */
const BEST_PARTIAL_SCORE = 0.98;
const CONTENT_WEIGHT = 0.8;
const COVERAGE_SHARE = 0.75;

/** What a search looks at. */
export interface SearchedFields {
  readonly name: string;
  readonly content: string;
}

const TOKEN =
  /(?<cjk>[[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}\p{scx=Bopomofo}]&&[\p{L}\p{N}]]+)|(?<word>[[\p{L}\p{N}\p{M}]--[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}\p{scx=Bopomofo}]]+)|(?<sign>\p{Extended_Pictographic})/gv;

/** The form in which texts are compared: compatibility forms and widths folded (NFKC), lower case, single spaces. */
export function normalise(text: string): string {
  return text.normalize("NFKC").toLowerCase().normalize("NFKC").replaceAll(/\s+/gu, " ").trim();
}

/** The distinct grams of a text, in order of appearance; none when it holds neither letters, digits nor pictographs. */
export function searchGrams(text: string): string[] {
  const grams = new Set<string>();
  for (const token of normalise(head(text)).matchAll(TOKEN)) {
    for (const gram of tokenGrams(token.groups ?? {})) {
      if (grams.size === MAX_GRAMS) return [...grams];
      grams.add(gram);
    }
  }
  return [...grams];
}

/** The grams under which a definition is found: those of its name and its content. */
export function searchableGrams(fields: SearchedFields): string[] {
  return [...new Set([...searchGrams(fields.name), ...searchGrams(fields.content)])];
}

/**
 * How well the fields match a query: 1 when name or content contains the normalised query as it is, 0 when they do not match, between the
 * two otherwise. Most of a partial score is the part of the query that is found, in the name better than in the content, in any order; the
 * rest is the part of the fields that was asked for.
 */
export function matchScore(query: string, fields: SearchedFields): number {
  const wanted = normalise(head(query));
  if (wanted === "") return 0;
  if (normalise(head(fields.name)).includes(wanted) || normalise(head(fields.content)).includes(wanted)) return 1;

  const name = new Set(searchGrams(fields.name));
  const content = new Set(searchGrams(fields.content));
  let asked = 0;
  let found = 0;
  let shared = 0;
  for (const gram of searchGrams(query)) {
    const weight = gramWeight(gram);
    asked += weight;
    if (name.has(gram)) found += weight;
    else if (content.has(gram)) found += weight * CONTENT_WEIGHT;
    else continue;
    shared += weight;
  }
  if (shared === 0) return 0;
  let offered = 0;
  for (const gram of new Set([...name, ...content])) offered += gramWeight(gram);
  const score = BEST_PARTIAL_SCORE * (COVERAGE_SHARE * (found / asked) + (1 - COVERAGE_SHARE) * (shared / offered));
  return score < LEAST_SCORE ? 0 : score;
}

function* tokenGrams({ cjk, word, sign }: Record<string, string | undefined>): Iterable<string> {
  if (cjk !== undefined) {
    let previous = "";
    for (const character of cjk) {
      yield character;
      if (previous !== "") yield previous + character;
      previous = character;
    }
  }
  if (word !== undefined) {
    const padded = Array.from(`  ${word} `);
    for (let index = 0; index + 3 <= padded.length; index++) yield padded.slice(index, index + 3).join("");
    if (padded.length - 3 <= MAX_WHOLE_WORD) yield word;
  }
  if (sign !== undefined) yield sign;
}

/** A lone character says little: many texts share one by chance. */
function gramWeight(gram: string): number {
  return gram.length === 1 ? 1 : 2;
}

/** The characters that count. Reads no more of a long text than needed. */
function head(text: string): string {
  if (text.length <= SEARCHED_CHARACTERS) return text;
  return Array.from(text.slice(0, 2 * SEARCHED_CHARACTERS))
    .slice(0, SEARCHED_CHARACTERS)
    .join("");
}
