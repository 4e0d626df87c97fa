import type { Log, LogFields, LogLevel } from "../../src/ports/log.ts";

export interface RecordedLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** A log that keeps its lines, children's included, for a test to look at. */
export interface RecordingLog extends Log {
  readonly lines: readonly RecordedLine[];
}

export function recordingLog(): RecordingLog {
  const lines: RecordedLine[] = [];
  const withFields = (inherited: LogFields): Log => {
    const record = (level: LogLevel) => (message: string, fields?: LogFields) => {
      lines.push({ level, message, fields: { ...inherited, ...fields } });
    };
    return {
      debug: record("debug"),
      info: record("info"),
      warn: record("warn"),
      error: record("error"),
      child: (fields) => withFields({ ...inherited, ...fields }),
    };
  };
  return { ...withFields({}), lines };
}

/** A log for tests that do not care. */
export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLog,
};
