import { invalid } from "../../domain/error.ts";
import { webhookUrlViolation } from "../../domain/webhook/url.ts";

const EXAMPLE = "https://hooks.example.com";

/**
 * The origin that a request names, as the URL standard writes it.
 *
 * @throws BelfryError INVALID_FIELD when it is none: a path is refused, so that nobody takes it for a part of the name.
 */
export function originIn(text: string, field: string): string {
  const wrong = webhookUrlViolation(text);
  if (wrong !== null)
    throw invalid({ field, description: `must be a scheme and a host, such as ${EXAMPLE}: it ${wrong}` });
  const { origin, pathname, search, hash } = new URL(text);
  if (pathname === "/" && search === "" && hash === "") return origin;
  throw invalid({ field, description: `must be a scheme and a host without a path, such as ${origin}` });
}
