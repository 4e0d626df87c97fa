/** Headers and query parameters that settings name or fill: what an HTTP client would refuse to send, or would send twice. */
import type { Violation } from "../domain/violation.ts";
import type { Settings } from "../ports/platform/setting.ts";
import { textOf } from "./read-settings.ts";

/** RFC 9110: a token. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/u;
const HEADER_VALUE = /^[ -~]*$/u;

/** @param names of the settings that name the headers of one request, which must all be different. */
export function headerNameFaults(settings: Settings, names: readonly string[]): readonly Violation[] {
  return [
    ...faults(settings, names, HEADER_NAME, "must be the name of a header, as in X-Token"),
    ...sameNameFaults(settings, names, ["content-type"]),
  ];
}

/** @param names of settings that are sent as headers, or in them. */
export function headerValueFaults(settings: Settings, names: readonly string[]): readonly Violation[] {
  return faults(settings, names, HEADER_VALUE, "goes into a header, so it must be printable ASCII");
}

/**
 * @param names of the settings that name things in one request, which must all be different.
 * @param taken names that stand there anyway, in lower case.
 */
export function sameNameFaults(
  settings: Settings,
  names: readonly string[],
  taken: readonly string[] = [],
): readonly Violation[] {
  const seen = new Set(taken);
  return names.flatMap((setting) => {
    const name = textOf(settings, setting).toLowerCase();
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    return [{ field: `settings.${setting}`, description: `must differ from the other names in a request: ${name}` }];
  });
}

function faults(
  settings: Settings,
  names: readonly string[],
  pattern: RegExp,
  description: string,
): readonly Violation[] {
  return names
    .filter((setting) => !pattern.test(textOf(settings, setting)))
    .map((setting) => ({ field: `settings.${setting}`, description }));
}
