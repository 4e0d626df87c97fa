/** What a webhook URL must be, as far as its text says; where it leads is asked when it is called. */

export const MAX_URL = 2048;

/** Scheme and the beginning of a host: the URL standard also reads `http:host`, `http:/host` and `http:///host`. */
const ABSOLUTE = /^https?:\/\/[^/?#]/iu;
/**
 * White space and control characters, which the URL standard drops in silence; a backslash, which it reads as a slash and others do not; and
 * what is no character at all.
 */
const TRICKY = /[\p{Cc}\p{Cf}\p{Z}\p{Cs}\\]/u;

/** Why this is no URL for a webhook, for a person and without repeating it; null when it is one. */
export function webhookUrlViolation(text: string): string | null {
  if (text.length > MAX_URL) return `must have at most ${MAX_URL} characters`;
  if (TRICKY.test(text)) return "must have no spaces, control characters or backslashes: percent-encode them";
  if (!ABSOLUTE.test(text))
    return "must be absolute, such as https://hooks.example.com/path; only http and https are called";
  // An empty user counts too: the URL standard drops it in silence.
  if (authorityOf(text).includes("@")) return "must have no user and no password: send credentials in a header";
  const url = URL.parse(text);
  if (url === null || url.hostname === "")
    return "must have a host that exists in the URL standard, and a port up to 65535";
  if (url.port === "0") return "must have a port from 1 to 65535";
  if (normal(url).length > MAX_URL) return `must have at most ${MAX_URL} characters when it is percent-encoded`;
  return null;
}

/** The URL as the URL standard writes it, without fragment. @param text without a violation. */
export function normalWebhookUrl(text: string): string {
  return normal(new URL(text));
}

function normal(url: URL): string {
  const copy = new URL(url);
  copy.hash = "";
  return copy.href;
}

function authorityOf(text: string): string {
  return /^https?:\/\/(?<authority>[^/?#]*)/iu.exec(text)?.groups?.["authority"] ?? "";
}
