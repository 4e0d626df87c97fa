import type { ServerHttp2Session, ServerOptions } from "node:http2";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { ServerLimits } from "../limits.ts";

/** Bytes a client may send ahead on one stream, and on all of them. */
const STREAM_WINDOW = 1024 * 1024;
const SESSION_WINDOW = 4 * STREAM_WINDOW;
/** Megabytes one connection may hold in Node: many calls with payloads fit, one client cannot take it all. */
const SESSION_MEMORY_MB = 64;

export function http2Settings({ maxConcurrentStreams }: ServerLimits): ServerOptions {
  return {
    maxSessionMemory: SESSION_MEMORY_MB,
    settings: { maxConcurrentStreams, initialWindowSize: STREAM_WINDOW, enablePush: false },
  };
}

/** Gives the connection a wide window, and ends it when the other side has gone without a word: asks now and then, and waits for the answer. */
export function keepSession(
  session: ServerHttp2Session,
  clock: Clock,
  { keepaliveMs, keepaliveTimeoutMs }: ServerLimits,
): void {
  session.setLocalWindowSize(SESSION_WINDOW);
  let timer: Timer;
  const ask = (): void => {
    if (session.destroyed) return;
    timer = clock.schedule(keepaliveTimeoutMs, () => session.destroy());
    const answered = session.ping(() => {
      timer.cancel();
      if (!session.destroyed) timer = clock.schedule(keepaliveMs, ask);
    });
    if (!answered) session.destroy();
  };
  timer = clock.schedule(keepaliveMs, ask);
  session.once("close", () => timer.cancel());
}
