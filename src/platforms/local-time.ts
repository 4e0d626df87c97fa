/** Times as the platforms write them: `2026-01-02 03:04:05` on the wall of a time zone. */

const formats = new Map<string, Intl.DateTimeFormat>();

/** @param timeZone an IANA name. */
export function localTime(at: number, timeZone: string): string {
  return formatOf(timeZone).format(at).replace(", ", " ");
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (format === undefined) {
    // Swedish writes years, months and days in this order, with dashes.
    format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
    formats.set(timeZone, format);
  }
  return format;
}

/** Whether times can be written for this zone. */
export function isTimeZone(name: string): boolean {
  try {
    return formatOf(name) !== undefined;
  } catch {
    return false;
  }
}
