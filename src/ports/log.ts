/** From the most talkative to the quietest; a log drops what lies below its own level. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** What goes with a message. Put errors under `error`; values under keys that look like secrets are masked. */
export type LogFields = Record<string, unknown>;

/**
 * Structured logging. The message is a constant sentence, what varies goes into the fields, so that lines can be
 * counted and searched. No method ever throws, whatever the fields hold.
 */
export interface Log {
  /** For whoever looks for a fault: too much for every day. */
  debug(message: string, fields?: LogFields): void;
  /** What an operator likes to see once: started, acquired, drained. */
  info(message: string, fields?: LogFields): void;
  /** Belfry helps itself, yet somebody should look some time. */
  warn(message: string, fields?: LogFields): void;
  /** Something failed that Belfry cannot mend by itself. */
  error(message: string, fields?: LogFields): void;
  /** A log that adds `fields` to every line; fields of the line win over them. */
  child(fields: LogFields): Log;
}
