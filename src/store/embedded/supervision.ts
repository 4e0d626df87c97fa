import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { Postmaster } from "./postmaster.ts";

/**
 * Keeps a server running until it is closed: one that ends by itself is started again, after a wait that doubles with each
 * failure in a row.
 */
export interface Supervision {
  /** The server's process, absent while there is none. */
  pid(): number | undefined;
  /** Stops the server and resolves when it is gone. Further calls wait for the same end. Never rejects. */
  close(): Promise<void>;
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 10_000;
/** A server that lived this long was well; the next failure counts as the first again. */
const STEADY_MS = 60_000;

/**
 * @param first the running server.
 * @param start starts it again; it may fail, and rejects when the signal aborts.
 */
export function supervise(
  first: Postmaster,
  start: (signal: AbortSignal) => Promise<Postmaster>,
  clock: Clock,
  log: Log,
): Supervision {
  const closing = new AbortController();
  const { signal } = closing;
  const closed = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  let current: Postmaster | undefined = first;
  let failures = 0;

  async function run(): Promise<void> {
    while (current !== undefined) {
      const startedAt = clock.monotonic();
      const exit = await Promise.race([current.exited, closed]);
      if (exit === undefined) return await current.stop("fast");
      log.error("PostgreSQL ended unexpectedly; starting it again", { pid: current.pid, ...exit });
      current = undefined;
      if (clock.monotonic() - startedAt >= STEADY_MS) failures = 0;
      current = await restart();
    }
  }

  /** Tries until it runs again or is to be closed. */
  async function restart(): Promise<Postmaster | undefined> {
    while (!signal.aborted) {
      const waitMs = Math.min(FIRST_WAIT_MS * 2 ** failures, LONGEST_WAIT_MS);
      failures += 1;
      try {
        await clock.sleep(waitMs, signal);
        const server = await start(signal);
        log.info("PostgreSQL runs again", { pid: server.pid });
        return server;
      } catch (error) {
        if (!signal.aborted) log.error("PostgreSQL could not be started again; trying once more", { error });
      }
    }
    return undefined;
  }

  const ended = run();
  return {
    pid: () => current?.pid,
    close() {
      closing.abort();
      return ended;
    },
  };
}
