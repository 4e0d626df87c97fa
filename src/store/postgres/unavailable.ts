import { DatabaseError } from "pg";
import { StoreUnavailable } from "../../ports/store/journal.ts";

/**
 * SQLSTATE classes and codes that say nothing about what was asked, only that it cannot be done now: connection errors, resources, operator
 * intervention (shutdown, a cancelled or timed-out statement), system errors, a server that has become a standby, deadlocks and locks not got.
 */
const PASSING_CLASSES = new Set(["08", "40", "53", "57", "58"]);
const PASSING_CODES = new Set(["55P03", "25006"]);

/** Whether a later try may succeed: the database was not reached, broke off, or could not do it now. */
export function isUnavailability(error: unknown): boolean {
  if (error instanceof StoreUnavailable) return true;
  if (!(error instanceof DatabaseError)) return error instanceof Error && isConnectionError(error);
  const code = error.code ?? "";
  return PASSING_CLASSES.has(code.slice(0, 2)) || PASSING_CODES.has(code);
}

/** Whether the connection that gave this error is of no more use. */
export function isConnectionLoss(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return isUnavailability(error);
  return error.severity === "FATAL" || error.severity === "PANIC" || (error.code ?? "").startsWith("08");
}

/** The error as the store's callers see it. */
export function asStoreError(error: unknown): unknown {
  if (error instanceof StoreUnavailable || !isUnavailability(error)) return error;
  return new StoreUnavailable(`The database cannot be used now: ${describe(error)}`, { cause: error });
}

/** Runs a read or a short write on the pool. @throws StoreUnavailable when the database was not reached or broke off. */
export async function reaching<Answer>(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    throw asStoreError(error);
  }
}

/** Sockets and files fail with a system code; pg itself says in words that a connection is gone or an answer late. */
function isConnectionError(error: Error): boolean {
  if ("code" in error && typeof error.code === "string") return SYSTEM_CODES.has(error.code);
  return CONNECTION_WORDS.test(error.message);
}

const SYSTEM_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENETUNREACH",
  "ENETDOWN",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENOENT",
  "ENOTCONN",
  "ERR_STREAM_DESTROYED",
]);

const CONNECTION_WORDS =
  /^(?:Connection terminated|Client has encountered a connection error|Client was closed|The server closed|Query read timeout|timeout expired|timeout exceeded when trying to connect|Cannot use a pool after|Not queryable|write after end|This socket has been ended|driver has already been destroyed)/iu;

function describe(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describe).join("; ");
  return error instanceof Error ? error.message : String(error);
}
