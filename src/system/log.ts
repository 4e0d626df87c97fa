import type { Clock } from "../ports/clock.ts";
import type { Log, LogFields, LogLevel } from "../ports/log.ts";
import { redactFields, redactText } from "./redaction.ts";

/** Where lines go: `process.stderr`, or an array of a test. */
export interface LogSink {
  write(line: string): unknown;
  readonly isTTY?: boolean;
}

export interface LogOptions {
  /** Lines below this level are dropped. Default `info`. */
  readonly level?: LogLevel;
  /** `json`: one object a line, for machines. `text`: for a person. Default: text on a terminal, JSON elsewhere. */
  readonly format?: "json" | "text";
  /** Default: standard error, so that standard output stays free for what a command answers. */
  readonly sink?: LogSink;
  readonly clock: Pick<Clock, "now">;
}

const SEVERITY: Record<LogLevel, number> = { debug: 10, info: 20, warn: 30, error: 40 };
const COLOUR: Record<LogLevel, string> = { debug: "\x1b[90m", info: "\x1b[32m", warn: "\x1b[33m", error: "\x1b[31m" };
const DIM = "\x1b[90m";
const PLAIN = "\x1b[0m";
/** The line's own keys; a field of the same name gets an underscore after it. */
const OWN_KEYS = new Set(["time", "level", "message"]);

/**
 * A log that writes a line a message. Secrets are masked; errors show name, code, message and cause, and their stack
 * only when the level is `debug`. A sink that fails loses lines, never the process.
 */
export function createLog(options: LogOptions): Log {
  const { level = "info", sink = process.stderr, clock } = options;
  const format = options.format ?? (sink.isTTY ? "text" : "json");
  const render = format === "text" ? textLine : jsonLine;
  const threshold = SEVERITY[level];
  if (sink === process.stderr) ignoreErrorsOf(process.stderr);
  const redaction = { stacks: level === "debug" };

  const write = (lineLevel: LogLevel, message: string, inherited: LogFields, fields?: LogFields): void => {
    if (SEVERITY[lineLevel] < threshold) return;
    try {
      const all = fields ? { ...inherited, ...redactFields(fields, redaction) } : inherited;
      sink.write(render(clock.now(), lineLevel, redactText(message), Object.entries(all), sink.isTTY === true));
    } catch {
      // Nowhere is left to say it.
    }
  };

  const withFields = (inherited: LogFields): Log => ({
    debug: (message, fields) => write("debug", message, inherited, fields),
    info: (message, fields) => write("info", message, inherited, fields),
    warn: (message, fields) => write("warn", message, inherited, fields),
    error: (message, fields) => write("error", message, inherited, fields),
    child: (fields) => withFields({ ...inherited, ...redactFields(fields, redaction) }),
  });
  return withFields({});
}

/** The reader of a pipe that went away reaches the writer as an `error` event, which nobody would hear. */
function ignoreErrorsOf(stream: NodeJS.WriteStream): void {
  if (!stream.listeners("error").includes(ignore)) stream.on("error", ignore);
}

function ignore(): void {}

type Line = (at: number, level: LogLevel, message: string, fields: [string, unknown][], coloured: boolean) => string;

const jsonLine: Line = (at, level, message, fields) => {
  const own = { time: new Date(at).toISOString(), level, message };
  const rest = fields.map(([key, value]) => [OWN_KEYS.has(key) ? `${key}_` : key, value]);
  return `${JSON.stringify({ ...own, ...Object.fromEntries(rest) })}\n`;
};

const textLine: Line = (at, level, message, fields, coloured) => {
  const paint = (colour: string, text: string): string => (coloured ? `${colour}${text}${PLAIN}` : text);
  const stacks: string[] = [];
  const rest = fields
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${paint(DIM, `${key}=`)}${textValue(value, stacks)}`);
  const time = new Date(at).toISOString().slice(11, 23);
  const head = `${paint(DIM, time)} ${paint(COLOUR[level], level.padEnd(5))} ${message}`;
  return `${[`${head}${rest.join("")}`, ...stacks].join("\n")}\n`;
};

/** Bare words bare, all else as JSON; a stack is set aside, to stand below the line as it is. */
function textValue(value: unknown, stacks: string[]): string {
  if (typeof value === "string") return /^[\w.:/@+-]+$/.test(value) ? value : JSON.stringify(value);
  if (typeof value === "object" && value !== null && "stack" in value && typeof value.stack === "string") {
    stacks.push(value.stack);
    return JSON.stringify({ ...value, stack: undefined });
  }
  return JSON.stringify(value);
}
