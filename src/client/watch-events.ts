import { Code, ConnectError } from "@connectrpc/connect";
import type { Client } from "@connectrpc/connect";
import type { Event } from "../gen/belfry/v1/event_pb.ts";
import type { EventService, WatchEventsResponse } from "../gen/belfry/v1/event_service_pb.ts";
import { askedDelayMs, backoffDelayMs } from "./backoff.ts";
import type { Backoff } from "./backoff.ts";
import { belfryErrorOf } from "./belfry-error.ts";
import { waited } from "./time.ts";
import type { ClientTime } from "./time.ts";

/** What to watch. */
export interface WatchOptions {
  /** Subject patterns, e.g. `belfry.events.instance.>`; `*` is one part, `>` the rest. Default: all. */
  readonly subjects?: readonly string[];
  /**
   * Where to begin: with what happens from now on (the default), with all that the log still holds, or right after the event
   * that came with this token.
   */
  readonly from?: "now" | "start" | { readonly resumeToken: string };
  /** Ends the watch: the loop over it is left as if there were no more events. */
  readonly signal?: AbortSignal;
}

/** An event, and how to go on after it. */
export interface WatchedEvent {
  readonly event: Event;
  /** Keep it with what you made of the event: a later watch from it begins right after this one. */
  readonly resumeToken: string;
}

export interface WatchSurroundings {
  readonly reconnect: Backoff;
  readonly time: ClientTime;
  readonly fraction: () => number;
  readonly isClosed: () => boolean;
}

/** Answers that no repetition changes; after everything else the watch connects again. */
const FINAL_CODES: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.NotFound,
  Code.FailedPrecondition,
  Code.OutOfRange,
  Code.Unauthenticated,
  Code.PermissionDenied,
  Code.Unimplemented,
]);

/**
 * The events as one unbroken sequence. When the connection breaks it is opened again and goes on after the last event that
 * was handed out, so that none comes twice and none is left out.
 *
 * @throws ConnectError when the server refuses for good: the patterns are wrong, the caller may not watch, or the events after
 * the resume token have left the log (reason RESUME_TOKEN_EXPIRED).
 */
export async function* watchEvents(
  events: Client<typeof EventService>,
  options: WatchOptions,
  surroundings: WatchSurroundings,
): AsyncGenerator<WatchedEvent, void, undefined> {
  const { reconnect, time, fraction, isClosed } = surroundings;
  const { signal } = options;
  const from = options.from ?? "now";
  let resumeToken = typeof from === "object" ? from.resumeToken : "";
  let failures = 0;

  while (!signal?.aborted && !isClosed()) {
    const broken = new AbortController();
    const either = signal ? AbortSignal.any([signal, broken.signal]) : broken.signal;
    let retryAfterMs: number | undefined;
    try {
      const request = {
        subjects: [...(options.subjects ?? [])],
        resumeToken,
        fromStart: resumeToken === "" && from === "start",
      };
      const stream = events.watchEvents(request, { signal: either, timeoutMs: 0 });
      const messages = stream[Symbol.asyncIterator]();
      for (;;) {
        const next = await nextOf(messages);
        if (next.kind === "ended") {
          retryAfterMs = next.retryAfterMs;
          break;
        }
        failures = 0;
        // Taken before the event is handed out: once handed out it never comes again.
        resumeToken = next.message.resumeToken || resumeToken;
        if (next.message.event) yield { event: next.message.event, resumeToken };
      }
    } finally {
      // Leaving the loop over a stream does not end its call; this does.
      broken.abort();
    }
    if (signal?.aborted || isClosed()) return;
    const delayMs =
      retryAfterMs === undefined ? backoffDelayMs(reconnect, failures, fraction) : askedDelayMs(retryAfterMs, fraction);
    failures += 1;
    await waited(time, delayMs, signal);
  }
}

type Next =
  | { readonly kind: "message"; readonly message: WatchEventsResponse }
  | { readonly kind: "ended"; readonly retryAfterMs: number | undefined };

async function nextOf(messages: AsyncIterator<WatchEventsResponse>): Promise<Next> {
  try {
    const next = await messages.next();
    return next.done ? { kind: "ended", retryAfterMs: undefined } : { kind: "message", message: next.value };
  } catch (error) {
    if (FINAL_CODES.has(ConnectError.from(error).code)) throw error;
    return { kind: "ended", retryAfterMs: belfryErrorOf(error).retryAfterMs };
  }
}
