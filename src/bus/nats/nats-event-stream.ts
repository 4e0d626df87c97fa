import { DiscardPolicy, RetentionPolicy, StorageType, type StreamInfo } from "@nats-io/jetstream";
import { millis, nanos } from "@nats-io/transport-node";
import { eventId, type StatusEvent } from "../../domain/event/status-event.ts";
import type { Clock } from "../../ports/clock.ts";
import { EventStreamUnavailable, type EventStream } from "../../ports/event-stream.ts";
import type { Log } from "../../ports/log.ts";
import { captures } from "./captures.ts";
import { cloudEvent, placeOf } from "./cloud-event.ts";
import { JetStreamApi, JetStreamCode, readAcknowledgement, type ApiAnswer } from "./jetstream-api.ts";
import type { Line } from "./line.ts";
import { DEFAULT_CLUSTER, type EventStreamSettings } from "./nats-options.ts";
import type { Question, Replies } from "./replies.ts";

export interface NatsEventStreamOptions {
  readonly line: Line;
  readonly replies: Replies;
  readonly cluster: string;
  readonly settings: EventStreamSettings;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

const STREAM = "BELFRY_EVENTS";
const SUBJECTS = "belfry.events.>";
const DAY_MS = 86_400_000;
const DEFAULT_MAX_AGE_MS = 7 * DAY_MS;
const DEFAULT_DUPLICATE_WINDOW_MS = 120_000;
/** So many are on their way at once: newer servers refuse what waits beyond some thousands. */
const MAX_IN_FLIGHT = 1_000;

type Mode =
  | { readonly kind: "unopened" }
  /** JetStream is off: whoever listens hears the events, nobody keeps them. */
  | { readonly kind: "core" }
  | { readonly kind: "stream"; readonly duplicateWindowMs: number };

/**
 * Status events on NATS: in the stream BELFRY_EVENTS, or to whoever listens where JetStream is off.
 *
 * V1. An event counts as published when the stream acknowledged it, and only the stream that was opened: a stream that was made anew in between
 *     gives sequences that were seen before, and then publishing fails until the next `open` has told its new name.
 * V2. The stream tells duplicates by `Nats-Msg-Id` within its window. A repeated event that may be older is looked up: the last message of its
 *     subject says how far the shard's log is in the stream, because a shard's events of one subject are published in their order.
 * V3. No event blocks those after it for ever: one that is too large for this NATS goes out without its data.
 */
export class NatsEventStream implements EventStream {
  readonly #options: NatsEventStreamOptions;
  readonly #api: JetStreamApi;
  #mode: Mode = { kind: "unopened" };
  /** The highest sequence that the opened stream has given. */
  #lastSequence = 0;
  #toldOff = false;

  constructor(options: NatsEventStreamOptions) {
    this.#options = options;
    this.#api = new JetStreamApi(options.replies, options.timeoutMs);
    // Another server, or the same one started again, may have JetStream.
    options.line.onChange(() => {
      if (this.#mode.kind === "core") this.#mode = { kind: "unopened" };
    });
  }

  async open(): Promise<string> {
    const found = await this.#api.streamInfo(STREAM);
    if (isOff(found, this.#options.line)) return this.#openWithoutStream();
    const made = isRefused(found, JetStreamCode.STREAM_NOT_FOUND) ? await this.#create() : found;
    if (made.kind !== "done") throw unavailable("cannot be opened", made);
    const { config, created, state } = made.body;
    assertSuits(config);
    this.#mode = { kind: "stream", duplicateWindowMs: millis(config.duplicate_window) };
    this.#lastSequence = state.last_seq;
    return `${STREAM}@${created}`;
  }

  async publish(events: readonly StatusEvent[], { repeated }: { readonly repeated: boolean }): Promise<void> {
    if (this.#mode.kind === "unopened") throw new EventStreamUnavailable("The stream of status events is not open");
    for (let from = 0; from < events.length; from += MAX_IN_FLIGHT) {
      const some = events.slice(from, from + MAX_IN_FLIGHT);
      if (this.#mode.kind === "core") await this.#tell(some);
      else await this.#store(repeated ? await this.#missing(some, this.#mode.duplicateWindowMs) : some);
    }
  }

  /** Of several nodes that find no stream one makes it. */
  async #create(): Promise<ApiAnswer<StreamInfo>> {
    const { settings, log } = this.#options;
    const maxAgeMs = settings.maxAgeMs ?? DEFAULT_MAX_AGE_MS;
    const made = await this.#api.createStream({
      name: STREAM,
      description: "Status events of Belfry, a copy for subscribers",
      subjects: [SUBJECTS],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.Old,
      max_age: nanos(maxAgeMs),
      max_bytes: settings.maxBytes ?? -1,
      duplicate_window: nanos(Math.min(settings.duplicateWindowMs ?? DEFAULT_DUPLICATE_WINDOW_MS, maxAgeMs)),
      num_replicas: settings.replicas ?? 1,
    });
    if (isRefused(made, JetStreamCode.NAME_IN_USE)) return this.#api.streamInfo(STREAM);
    if (made.kind === "done") log.info("Made the stream of status events", { stream: STREAM });
    return made;
  }

  #openWithoutStream(): string {
    const { line, cluster, log } = this.#options;
    if (!this.#toldOff) {
      log.warn("JetStream is off on this NATS: status events go only to those who listen at the moment", {
        server: line.connection?.getServer(),
      });
    }
    this.#toldOff = true;
    this.#mode = { kind: "core" };
    // The same on every server and after every start, or the whole log would be published again each time.
    return `core@${cluster}`;
  }

  async #store(events: readonly StatusEvent[]): Promise<void> {
    const tooLarge = await this.#storeOnce(events, false);
    if (tooLarge.length === 0) return;
    for (const event of tooLarge) this.#tellTooLarge(event);
    const [still] = await this.#storeOnce(tooLarge, true);
    if (still !== undefined) throw new EventStreamUnavailable(`The event ${eventId(still)} is too large for NATS`);
  }

  /** @returns those that are too large. */
  async #storeOnce(events: readonly StatusEvent[], withoutData: boolean): Promise<readonly StatusEvent[]> {
    const seen = this.#lastSequence;
    const questions = events.map((event) => this.#message(event, withoutData));
    const answers = await this.#options.replies.ask(questions, this.#options.timeoutMs);
    const tooLarge: StatusEvent[] = [];
    for (const [index, event] of events.entries()) {
      const answer = readAcknowledgement(answers[index] ?? { kind: "disconnected" });
      if (isTooLarge(answer)) {
        tooLarge.push(event);
        continue;
      }
      if (answer.kind !== "done") throw unavailable("did not take all events", answer);
      const { stream, seq, duplicate } = answer.body;
      const isOther = stream !== STREAM || (!duplicate && seq <= seen); // V1
      if (isOther) throw new EventStreamUnavailable("The stream of status events was made anew: open it again");
      this.#lastSequence = Math.max(this.#lastSequence, seq);
    }
    return tooLarge;
  }

  /** Those of the repeated events that the stream is to be given again: V2. */
  async #missing(events: readonly StatusEvent[], duplicateWindowMs: number): Promise<readonly StatusEvent[]> {
    const rememberedSince = this.#options.clock.now() - duplicateWindowMs / 2;
    const old = events.filter(({ at }) => at < rememberedSince);
    const last = await this.#api.lastOf(
      STREAM,
      old.map((event) => this.#message(event, true).subject),
    );
    const stored = new Set<StatusEvent>();
    for (const [index, event] of old.entries()) {
      const answer = last[index];
      if (answer?.kind !== "done") throw unavailable("cannot be asked what it has", answer);
      if (answer.body === undefined) continue;
      const { shard, sequence } = placeOf(answer.body);
      if (shard === event.shard && sequence >= event.sequence) stored.add(event);
    }
    return events.filter((event) => !stored.has(event));
  }

  async #tell(events: readonly StatusEvent[]): Promise<void> {
    const { line, timeoutMs } = this.#options;
    const client = line.connection;
    if (client === undefined) throw unavailable("cannot be reached");
    const publish = ({ subject, payload, headers }: Question): void => client.publish(subject, payload, { headers });
    try {
      for (const event of events) {
        try {
          publish(this.#message(event, false));
        } catch {
          this.#tellTooLarge(event);
          publish(this.#message(event, true));
        }
      }
    } catch {
      throw unavailable("cannot be reached");
    }
    if (!(await line.flush(timeoutMs))) throw unavailable("did not take all events");
  }

  #message(event: StatusEvent, withoutData: boolean): Question {
    const { cluster } = this.#options;
    const id = eventId(event);
    return cloudEvent(event, { messageId: cluster === DEFAULT_CLUSTER ? id : `${cluster}:${id}`, withoutData });
  }

  #tellTooLarge(event: StatusEvent): void {
    this.#options.log.warn("A status event is too large for this NATS and goes out without its data", {
      event: eventId(event),
      resource: event.resource,
      resourceId: event.resourceId,
    });
  }
}

/** Nobody answers for JetStream, and this server does not say that it has it: then it is not only away for the moment. */
function isOff(answer: ApiAnswer<unknown>, line: Line): boolean {
  if (answer.kind === "failed") {
    const info = line.connection?.info;
    return answer.answer.kind === "no-responders" && info !== undefined && info.jetstream !== true;
  }
  return isRefused(answer, JetStreamCode.NOT_ENABLED) || isRefused(answer, JetStreamCode.NOT_ENABLED_FOR_ACCOUNT);
}

function isRefused(answer: ApiAnswer<unknown>, code: number): boolean {
  return answer.kind === "refused" && answer.code === code;
}

function isTooLarge(answer: ApiAnswer<unknown>): boolean {
  return (
    isRefused(answer, JetStreamCode.MESSAGE_TOO_LARGE) ||
    (answer.kind === "failed" && answer.answer.kind === "unsendable")
  );
}

/** What an operator may not choose otherwise. */
function assertSuits(config: StreamInfo["config"]): void {
  if (!(config.subjects ?? []).some((subject) => captures(subject, SUBJECTS))) {
    throw new EventStreamUnavailable(
      `The stream ${STREAM} on NATS does not capture ${SUBJECTS}: add this subject to it, or delete it and Belfry makes it anew`,
    );
  }
  if (config.no_ack === true) {
    throw new EventStreamUnavailable(
      `The stream ${STREAM} on NATS does not acknowledge what it stores (no_ack): delete it and Belfry makes it anew`,
    );
  }
}

function unavailable(what: string, answer?: ApiAnswer<unknown>): EventStreamUnavailable {
  return new EventStreamUnavailable(`The stream of status events ${what}${reasonOf(answer)}`);
}

function reasonOf(answer: ApiAnswer<unknown> | undefined): string {
  if (answer?.kind === "refused") return `: ${answer.description} (${answer.code})`;
  if (answer?.kind !== "failed") return "";
  switch (answer.answer.kind) {
    case "no-responders":
      return ": there is no such stream on NATS any more";
    case "timed-out":
      return ": NATS did not answer in time";
    case "disconnected":
      return ": there is no connection to NATS";
    case "forbidden":
      return ": the user of Belfry lacks a permission on NATS";
    case "unsendable":
      return `: ${answer.answer.reason}`;
    case "called-off":
      return ": it was called off";
  }
}
