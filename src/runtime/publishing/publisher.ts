/**
 * Publishing: telling the world of every status event.
 *
 * The log in the store is the record; the stream (`EventStream`) is a copy of it for subscribers, and may be slow, away, deleted or made anew
 * at any time. Each node publishes the shards it owns. How far a shard is published is its position here, and its cursor in the store.
 *
 * One loop does it all: look which stream is there; move shards whose position is about another stream; gather the next events of the shards
 * in turn into a batch; publish it wave by wave; move the positions. So nothing about the stream happens at the same time as something else.
 *
 * P1 Every event of an owned shard's log is published, from the cursor on, without a gap. (Nothing but a log that was cut short ahead of the
 *    cursor can take that away; that is logged as an error.) A shard without a cursor begins `replayMs` back, and its first cursor, on no
 *    stream, says so from then on: what waits for a first stream is not forgotten however long it waits.
 * P2 Per resource in order: one call of `publish` never has two events of a resource, and comes only when the wave before is confirmed. A wave
 *    that failed is published again, for ever, until its shards are lost.
 * P3 A cursor never runs ahead: it is a position, and a position moves when all waves of a batch are confirmed. It lags by about a
 *    `checkpointMs`. The store fences it by epoch, so that an owner of before moves nothing.
 * P4 A position is about one stream. After each failure, and every ten seconds, it is looked which stream is there, and it is made when there
 *    is none. On another one the shard begins again `replayMs` back, or at its position when that is further back.
 * P5 What may be on the stream already is published with `repeated`: a wave that failed; what was committed before this node opened the shard,
 *    or before it began again on another stream, or before a stall of this process in which others may have published it.
 * P6 A lost shard ends at once, also in the middle of a batch. What is in flight then may still arrive, and does no harm: what comes before it
 *    in its resource is on the stream already, and the next owner, who begins at the cursor, repeats it, so that the stream has it once.
 * P7 Memory is bounded by `memoryLimit` and one batch. An event comes from its commit when it is the next one of what is in memory and there is
 *    room, else from the log. A commit waits for nothing here.
 *
 * What this cannot prevent: when another node makes a deleted stream anew, what this node publishes goes to the new one until it is noticed
 * (when the stream tells so by failing, else at the next look, P4), and stands there before the older events that are then replayed. So on a
 * stream that was made anew the order of a resource may be broken once, in its first seconds.
 */
import type { StatusEvent } from "../../domain/event/status-event.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { EventStream } from "../../ports/event-stream.ts";
import type { Log } from "../../ports/log.ts";
import type { CursorStore } from "../../ports/store/cursors.ts";
import type { QueryStore } from "../../ports/store/queries.ts";
import type { Backlog } from "./backlog.ts";
import { Backlogs } from "./backlogs.ts";
import { Bell, within } from "./bell.ts";
import { Checkpoints } from "./checkpoints.ts";
import { LogReading } from "./log-reading.ts";
import { type Batch, nextBatch } from "./next-batch.ts";
import { DEFAULT_PUBLISHING_OPTIONS, type PublishingOptions } from "./options.ts";
import { Placement } from "./placement.ts";
import { StreamLink } from "./stream-link.ts";

/** A shard that this node acquired. */
export interface PublishedShard {
  readonly shard: number;
  readonly epoch: number;
  /** Of its log when it was acquired. */
  readonly lastSequence: number;
}

/** Shards that wait though the stream is there: the store did not answer. */
const LOOK_AGAIN_MS = 500;
/** Longer without a sign of life than this, and the leases may have run out; well below the time a stream remembers ids. */
const STALL_MS = 10_000;
/** For what is under way, and then for the cursors. */
const STOP_MS = 1000;

export class Publisher {
  readonly #clock: Clock;
  readonly #options: PublishingOptions;
  readonly #link: StreamLink;
  readonly #backlogs: Backlogs;
  readonly #placement: Placement;
  readonly #reading: LogReading;
  readonly #checkpoints: Checkpoints;
  /** There may be something to publish. */
  readonly #work: Bell;
  /** It may be time to try again. */
  readonly #retry: Bell;
  /** Who waits for shards to be settled. */
  readonly #settling = new Map<Bell, readonly number[]>();
  #loop: Promise<void> = Promise.resolve();
  #timer: Timer | null = null;
  #aliveAt: number;
  #stopped = false;

  constructor(deps: {
    stream: EventStream;
    cursors: CursorStore;
    events: Pick<QueryStore, "readEvents" | "eventBounds">;
    clock: Clock;
    log: Log;
    options?: Partial<PublishingOptions>;
  }) {
    const { clock, log, cursors } = deps;
    this.#clock = clock;
    this.#options = { ...DEFAULT_PUBLISHING_OPTIONS, ...deps.options };
    this.#work = new Bell(clock);
    this.#retry = new Bell(clock);
    this.#link = new StreamLink({ stream: deps.stream, clock, log });
    const backlogs = new Backlogs(this.#options.memoryLimit);
    this.#backlogs = backlogs;
    this.#reading = new LogReading({ events: deps.events, clock, log });
    this.#checkpoints = new Checkpoints({ cursors, backlogs, log });
    const { replayMs } = this.#options;
    this.#placement = new Placement({ cursors, backlogs, clock, log, replayMs, placed: () => this.#work.ring() });
    this.#aliveAt = clock.monotonic();
  }

  start(): void {
    this.#aliveAt = this.#clock.monotonic();
    this.#loop = this.#keepPublishing();
    this.#tick();
  }

  /** Ends publishing and writes the cursors, unless that takes long: then the next owner repeats some events. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#placement.stop();
    this.#work.ring();
    this.#retry.ring();
    this.#tellSettling();
    await within(this.#clock, STOP_MS, this.#loop);
    await within(this.#clock, STOP_MS, this.#checkpoints.write());
  }

  /** This node acquired shards. To be called before `committed` has their events. */
  opened(shards: readonly PublishedShard[]): void {
    void this.#placement.begin(this.#backlogs.open(shards));
  }

  lost(shards: Iterable<number>): void {
    this.#backlogs.close(shards);
    this.#tellSettling();
  }

  /** After each commit, per shard in order. */
  committed(events: readonly StatusEvent[]): void {
    this.#backlogs.offer(events);
    this.#work.ring();
  }

  /** The network came, or went. */
  connected(is: boolean): void {
    this.#link.connected(is);
    if (is) {
      this.#retry.ring();
      this.#work.ring();
    } else {
      this.#tellSettling();
    }
  }

  /** Events committed and not yet published. */
  lag(): number {
    return this.#backlogs.lag;
  }

  /** Events in memory. */
  get held(): number {
    return this.#backlogs.held;
  }

  /**
   * For a hand-over: resolves when all that these shards have committed until now is published and their cursors say so, or after `withinMs`,
   * or when the stream is away. The next owner does what is left.
   */
  async settled(shards: readonly number[], withinMs: number): Promise<void> {
    const until = this.#clock.monotonic() + withinMs;
    const leftMs = (): number => Math.max(0, until - this.#clock.monotonic());
    const goals = this.#backlogs.of(shards).map((backlog) => ({ backlog, sequence: backlog.committed }));
    const isUnsettled = ({ backlog, sequence }: (typeof goals)[number]): boolean =>
      this.#backlogs.has(backlog) && !backlog.isPublished(sequence, this.#link.name);
    const bell = new Bell(this.#clock);
    this.#settling.set(bell, shards);
    this.#work.ring();
    while (!this.#stopped && !this.#link.away && leftMs() > 0 && goals.some(isUnsettled)) {
      await bell.rest(leftMs());
    }
    this.#settling.delete(bell);
    await within(this.#clock, leftMs(), this.#checkpoints.write());
  }

  async #keepPublishing(): Promise<void> {
    while (!this.#stopped) {
      const stream = await this.#link.ready();
      if (stream === null) {
        await this.#rest();
      } else if (!this.#stopped) {
        await this.#placement.moveTo(stream);
        await this.#publishNext(stream);
      }
    }
  }

  async #publishNext(stream: string): Promise<void> {
    const turn = this.#turn(stream);
    await this.#reading.fill(turn, this.#options.batch);
    const backlogs = new Map(
      turn.filter((backlog) => this.#backlogs.has(backlog)).map((backlog) => [backlog.shard, backlog]),
    );
    const lines = [...backlogs.values()].map(({ held }) => held);
    const batch = nextBatch(lines, this.#options.batch);
    this.#backlogs.served(batch.upTo);
    if (batch.waves.length > 0) {
      await this.#publish(batch, backlogs, stream);
      this.#tellSettling();
    } else if (!this.#stopped) {
      await this.#work.rest(
        Math.min(this.#isBehind(stream) ? LOOK_AGAIN_MS : Number.POSITIVE_INFINITY, this.#link.lookInMs),
      );
    }
  }

  /** The shards that have something to publish on this stream; those that somebody waits for first. */
  #turn(stream: string): readonly Backlog[] {
    const urgent = new Set([...this.#settling.values()].flat());
    const turn = this.#backlogs.all().filter((backlog) => backlog.stream === stream && backlog.lag > 0);
    if (urgent.size === 0) {
      return turn;
    }
    return [...turn.filter(({ shard }) => urgent.has(shard)), ...turn.filter(({ shard }) => !urgent.has(shard))];
  }

  #isBehind(stream: string): boolean {
    return this.#backlogs
      .all()
      .some((backlog) => backlog.stream !== null && (backlog.stream !== stream || backlog.lag > 0));
  }

  async #publish(batch: Batch, backlogs: ReadonlyMap<number, Backlog>, stream: string): Promise<void> {
    for (const wave of batch.waves) {
      // P2
      if (!(await this.#publishWave(wave, backlogs, stream))) {
        return;
      }
    }
    // P3. That of a lost shard may move too: nobody asks for it any more.
    for (const [shard, sequence] of batch.upTo) {
      backlogs.get(shard)?.advance(sequence);
    }
  }

  /** @returns false: the batch is not to go on. */
  async #publishWave(
    wave: readonly StatusEvent[],
    backlogs: ReadonlyMap<number, Backlog>,
    stream: string,
  ): Promise<boolean> {
    for (let failed = false; !this.#stopped; failed = true) {
      const events = wave.filter(({ shard }) => this.#backlogs.has(backlogs.get(shard))); // P6
      if (events.length === 0) {
        return true;
      }
      this.#noticeStall();
      const repeated =
        failed || events.some(({ shard, sequence }) => backlogs.get(shard)?.isRepeated(sequence) ?? true); // P5
      if (await this.#link.publish(events, repeated)) {
        return true;
      }
      if ((await this.#again()) !== stream) {
        return false; // P4: on another stream the shards begin elsewhere.
      }
    }
    return false;
  }

  /** After a failure: the stream that is there, as soon as there is one. Null when publishing ends before. */
  async #again(): Promise<string | null> {
    let stream: string | null = null;
    while (stream === null && !this.#stopped) {
      await this.#rest();
      stream = this.#stopped ? null : await this.#link.ready();
    }
    return stream;
  }

  /** After a failure. */
  async #rest(): Promise<void> {
    this.#tellSettling();
    await this.#retry.rest(this.#link.retryMs);
  }

  #tellSettling(): void {
    for (const bell of this.#settling.keys()) {
      bell.ring();
    }
  }

  #tick(): void {
    this.#timer = this.#clock.schedule(this.#options.checkpointMs, () => {
      this.#noticeStall();
      this.#checkpoints.tick();
      this.#tick();
    });
  }

  /** Called at least once a `checkpointMs`, unless the process stood still. */
  #noticeStall(): void {
    const now = this.#clock.monotonic();
    if (now - this.#aliveAt > STALL_MS + this.#options.checkpointMs) {
      this.#backlogs.doubtAll();
    }
    this.#aliveAt = now;
  }
}
