const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `3s`, `2500ms`, `1.5m`, `24h`, `7d` in milliseconds; undefined when the text is none of these. */
export function parseDuration(text: string): number | undefined {
  const match = /^(?<count>\d{1,12}(?:\.\d{1,6})?)(?<unit>ms|s|m|h|d)$/.exec(text);
  const unitMs = UNIT_MS[match?.groups?.["unit"] ?? ""];
  return unitMs === undefined ? undefined : Math.round(Number(match?.groups?.["count"]) * unitMs);
}
