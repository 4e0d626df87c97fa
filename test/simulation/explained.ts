import type { Report } from "./simulate.ts";

const LINES = 120;
const MENTIONS = 80;
const WIDTH = 260;
/** An id, a token's end, or a tag of a caller. */
const NAMES =
  /\b(?:[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}|wf_\d{13}_[0-9a-f]{20}|(?:definition|call|request|item|lock|locker)-d?\d+)\b/gu;

/** What a person needs of a run that was traced: what was found, what happened last, and all that mentions what the findings are about. */
export function explained({ seed, findings, fingerprint, trace, stats }: Report, lines: number = LINES): string {
  const names = new Set(findings.slice(0, 1).flatMap(({ text }) => text.match(NAMES) ?? []));
  const mentions = trace.filter((line) => [...names].some((name) => line.includes(name)));
  const shown = lines === Number.POSITIVE_INFINITY ? trace : trace.slice(-lines);
  return [
    `seed ${seed}: ${findings.length === 0 ? "no findings" : `${findings.length} findings`} (${fingerprint})`,
    trace[0] ?? "",
    ...(mentions.length === 0 || shown === trace
      ? []
      : [`--- what mentions ${[...names].join(", ")}`, ...mentions.slice(-MENTIONS).map(shortened)]),
    "--- the last that happened",
    ...(shown === trace ? shown : shown.map(shortened)),
    ...findings.map(({ rule, text, at }) => `FOUND after ${(at / 1000).toFixed(3)} s: ${rule}: ${text}`),
    Object.entries(stats)
      .map(([name, value]) => `${Math.round(value as number)} ${name}`)
      .join(", "),
  ].join("\n");
}

function shortened(line: string): string {
  return line.length > WIDTH ? `${line.slice(0, WIDTH)}…` : line;
}
