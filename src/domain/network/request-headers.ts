/** Which headers users may add to a request that Belfry sends. */

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/u;
/** What HTTP allows in a value (RFC 9110, 5.5): no line breaks, no other control characters but the tab, nothing past Latin-1. */
const VALUE = /^[\t\u{20}-\u{7e}\u{80}-\u{ff}]*$/u;

/** They say where a request goes, where it ends, or what becomes of the connection: whoever sets them can smuggle another request in. */
const OF_THE_CONNECTION: ReadonlySet<string> = new Set([
  "host",
  "content-length",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authorization",
  "upgrade",
  "expect",
  "te",
  "trailer",
]);

/** Why a header cannot be sent; null: it can. The value is not repeated. */
export function headerRefusal(name: string, value: string): string | null {
  if (!NAME.test(name)) return "a header's name has characters that names cannot have";
  if (OF_THE_CONNECTION.has(name.toLowerCase())) return `the header ${name} is set by the sender`;
  if (!VALUE.test(value))
    return `the value of the header ${name} has line breaks or characters that headers cannot have`;
  return null;
}
