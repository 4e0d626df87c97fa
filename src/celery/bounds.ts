/** What is read of one task, and how long it may take. The sizes are those that UpdateExecution takes too. */
import type { Clock } from "../ports/clock.ts";
import { ResultBackendError } from "../ports/result-backend.ts";

/** From the question to its answer, a new connection included. */
const ANSWER_MS = 3_000;
/** After which a driver closes a connection: later than nobody waits for it any more. */
export const CLOSE_MS = 3_500;
/** A result, as JSON. */
export const RESULT_BYTES = 256 * 1024;
/** All that there is of a task, as Celery wrote it. */
export const ENTRY_BYTES = 1024 * 1024;
export const TRACEBACK_LENGTH = 200_000;
const NAME_LENGTH = 255;

/** The end of it: that is where the error is. */
export function boundedTraceback(text: string): string {
  return text.slice(-TRACEBACK_LENGTH);
}

export function boundedName(text: string): string {
  return text.slice(0, NAME_LENGTH);
}

/** @throws ResultBackendError when it does not come in time; then `giveUp` is called. */
export async function inTime<Answer>(
  clock: Clock,
  shown: string,
  answer: Promise<Answer>,
  giveUp: () => void,
): Promise<Answer> {
  const answered = new AbortController();
  const limit = clock.sleep(ANSWER_MS, answered.signal).then(
    () => {
      giveUp();
      throw new ResultBackendError("unreachable", `${shown} said nothing for ${ANSWER_MS / 1000} s`);
    },
    // It was answered; the race is over.
    () => answer,
  );
  try {
    return await Promise.race([answer, limit]);
  } finally {
    answered.abort();
  }
}

const LONGEST_WORDS = 200;

/** What a driver said, on one line and without the password. */
export function unreachable(shown: string, error: unknown, password: string | undefined): ResultBackendError {
  if (error instanceof ResultBackendError) return error;
  const [said = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  // An AggregateError of several addresses has no words of its own.
  const words = said === "" ? code : said;
  const hidden = password === undefined || password === "" ? words : words.replaceAll(password, "***");
  return new ResultBackendError("unreachable", `${shown}: ${hidden.slice(0, LONGEST_WORDS)}`, { cause: error });
}
