/** Where a worker logs. Constant sentences; what varies goes into the fields. */
export interface WorkerLog {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

export const silentLog: WorkerLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A log that adds `fields` to every line. */
export function logWith(log: WorkerLog, fields: Record<string, unknown>): WorkerLog {
  return {
    debug: (message, more) => {
      log.debug(message, { ...fields, ...more });
    },
    info: (message, more) => {
      log.info(message, { ...fields, ...more });
    },
    warn: (message, more) => {
      log.warn(message, { ...fields, ...more });
    },
    error: (message, more) => {
      log.error(message, { ...fields, ...more });
    },
  };
}
