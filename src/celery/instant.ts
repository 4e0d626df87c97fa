const ISO =
  /^(?<date>\d{4}-\d{2}-\d{2})[T ](?<time>\d{2}:\d{2}:\d{2})(?:\.(?<fraction>\d+))?(?<zone>Z|[+-]\d{2}:?\d{2})?$/;

/** A time as Python writes it, epoch ms; null when it is none. One without a zone is UTC, as Celery's are. */
export function instantOf(value: unknown): number | null {
  const text = isTagged(value) ? value.__value__ : value;
  const parts = typeof text === "string" ? ISO.exec(text)?.groups : undefined;
  if (parts === undefined) return null;
  const { date, time, fraction = "", zone = "Z" } = parts;
  const at = Date.parse(`${date}T${time}.${fraction.padEnd(3, "0").slice(0, 3)}${zone}`);
  return Number.isNaN(at) ? null : at;
}

/** As later versions of Celery's JSON write times. */
function isTagged(value: unknown): value is { readonly __value__: unknown } {
  return (
    typeof value === "object" &&
    value !== null &&
    "__type__" in value &&
    value.__type__ === "datetime" &&
    "__value__" in value
  );
}
