import type { StatusEvent } from "../../domain/event/status-event.ts";
import { invalid } from "../../domain/error.ts";
import { ListEventsRequestSchema, type EventService } from "../../gen/belfry/v1/event_service_pb.ts";
import { firstOf } from "../call/abort.ts";
import type { Handlers } from "../call/handler.ts";
import { readAfter, startPositions, tailEvents, type TailResume, type TailStart } from "../events/event-tail.ts";
import { decodeResumeToken, encodeResumeToken } from "../events/resume-token.ts";
import { selectionOf, type EventSelection } from "../events/subject-pattern.ts";
import { toEvent } from "../mapping/event.ts";
import { mismatch, pageOf, type Page } from "../paging/page-token.ts";
import { drainingError } from "./draining.ts";
import type { ServiceEnvironment } from "./environment.ts";

/**
 * After so many events that do not match, or with the first of them after so long, a watcher gets a newer token: so that it need not read them again, and
 * its token is still good when its connection breaks, though what it has passed may have left the log by then.
 */
const TOKEN_EVERY = 1000;
const TOKEN_EVERY_MS = 60_000;
const READ_BATCH = 500;

export function eventHandlers(environment: ServiceEnvironment): Handlers<typeof EventService> {
  return { watchEvents: watchEvents(environment), listEvents: listEvents(environment) };
}

function watchEvents({
  runtime,
  queries,
  hub,
  clock,
  draining,
}: ServiceEnvironment): Handlers<typeof EventService>["watchEvents"] {
  return async function* watch({ subjects, resumeToken, fromStart }, call) {
    if (resumeToken !== "" && fromStart) {
      throw invalid({ field: "fromStart", description: "must not be set together with resumeToken" });
    }
    const { shardCount } = runtime.status();
    const selection = selectionOf(subjects, shardCount);
    const from =
      resumeToken === "" ? ({ kind: fromStart ? "log-start" : "now" } as const) : after(resumeToken, shardCount);
    const { signal, release } = firstOf(call.signal, draining);
    let unmatched = TOKEN_EVERY;
    let toldAt = clock.monotonic();
    try {
      for await (const step of tailEvents({ hub, queries, shardCount, selection, from, signal })) {
        const { matching, scanned, positions } = step;
        unmatched += scanned - matching.length;
        yield* withTokens(matching, positions);
        if (matching.length === 0) {
          if (unmatched < TOKEN_EVERY && clock.monotonic() - toldAt < TOKEN_EVERY_MS) continue;
          // The first step comes here too: from this token on nothing is missed, and the watcher knows that it watches.
          yield { resumeToken: encodeResumeToken(positions) };
        }
        unmatched = 0;
        toldAt = clock.monotonic();
      }
    } catch (error) {
      if (draining.aborted && !call.signal.aborted) throw drainingError();
      throw error;
    } finally {
      release();
    }
  };
}

/** A step's positions are those after its last event; the token of an earlier one must not go past it. */
function* withTokens(
  events: readonly StatusEvent[],
  reached: readonly number[],
): Iterable<{ event: ReturnType<typeof toEvent>; resumeToken: string }> {
  const positions = [...reached];
  for (const { shard, sequence } of events.toReversed()) positions[shard] = sequence - 1;
  for (const event of events) {
    positions[event.shard] = event.sequence;
    yield { event: toEvent(event), resumeToken: encodeResumeToken(positions) };
  }
}

function listEvents({ runtime, queries, limits }: ServiceEnvironment): Handlers<typeof EventService>["listEvents"] {
  return async (request) => {
    const { shardCount } = runtime.status();
    const selection = selectionOf(request.subjects, shardCount);
    const page = pageOf(ListEventsRequestSchema, request);
    const { positions, behind, unread } = await startPositions(
      queries,
      selection,
      listStart(page, request.resumeToken, shardCount),
      shardCount,
    );
    const events: StatusEvent[] = [];
    let scanned = 0;
    for (const shard of [...behind].toSorted((a, b) => a - b)) {
      while (behind.has(shard) && events.length < page.size && scanned < limits.listScanMax) {
        const read = await readAfter(queries, shard, positions, { limit: READ_BATCH, unread });
        scanned += read.length;
        const shown = takeMatching(read, selection, page.size - events.length);
        events.push(...shown.matching);
        if (shown.upTo !== undefined) positions[shard] = shown.upTo;
        else if (read.length < READ_BATCH) behind.delete(shard);
      }
    }
    const resumeToken = encodeResumeToken(positions);
    return {
      events: events.map(toEvent),
      nextPageToken: behind.size > 0 ? page.tokenFor([resumeToken]) : "",
      resumeToken,
    };
  };
}

/** The first `room` events that match; `upTo` when there were more, the sequence behind which the next page goes on. */
function takeMatching(
  events: readonly StatusEvent[],
  selection: EventSelection,
  room: number,
): { readonly matching: readonly StatusEvent[]; readonly upTo?: number } {
  const matching: StatusEvent[] = [];
  for (const event of events) {
    if (!selection.matches(event)) continue;
    if (matching.length === room) return { matching, upTo: event.sequence - 1 };
    matching.push(event);
  }
  return { matching };
}

function listStart({ cursor }: Page, resumeToken: string, shardCount: number): TailStart | TailResume {
  if (cursor === null) return resumeToken === "" ? { kind: "log-start" } : after(resumeToken, shardCount);
  const [token] = cursor;
  if (typeof token !== "string") throw mismatch();
  return after(token, shardCount);
}

function after(token: string, shardCount: number): TailResume {
  return { kind: "after", positions: decodeResumeToken(token, shardCount) };
}
