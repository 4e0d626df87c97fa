/** A log, a stream and nodes that publish the one on the other, each of which can fail in every way. */
import { type StatusEvent, eventChannel, eventId } from "../../../src/domain/event/status-event.ts";
import type { Clock, Timer } from "../../../src/ports/clock.ts";
import { type EventStream, EventStreamUnavailable } from "../../../src/ports/event-stream.ts";
import { StoreUnavailable } from "../../../src/ports/store/journal.ts";
import type { PublishingOptions } from "../../../src/runtime/publishing/options.ts";
import { Publisher } from "../../../src/runtime/publishing/publisher.ts";
import { sleepOn } from "../../../src/system/sleep.ts";
import { MemoryCursors } from "../../../src/store/memory/cursors.ts";
import { MemoryQueries } from "../../../src/store/memory/queries.ts";
import { type Tables, emptyTables } from "../../../src/store/memory/tables.ts";
import { recordingLog } from "../../support/log.ts";
import { ManualClock } from "../../support/manual-clock.ts";

/** How one publish ends. `late`: nothing is stored before the failure is told, and all of it a while after. */
export type StreamFault = "before" | "partly" | "after" | "late";

const DEDUPE_MS = 120_000;
const LATE_MS = 700;

/** One life of the stream, from its making to its deletion. */
export class StreamLife {
  readonly name: string;
  readonly stored: StatusEvent[] = [];
  readonly #ids = new Map<string, number>();
  readonly #lastOf = new Map<string, number>();
  readonly #clock: Clock;

  constructor(name: string, clock: Clock) {
    this.name = name;
    this.#clock = clock;
  }

  get ids(): string[] {
    return this.stored.map(eventId);
  }

  /** As JetStream and its publisher do: ids are known for a while; of what is older, the last event of its subject is asked for. */
  store(event: StatusEvent, repeated: boolean): void {
    const now = this.#clock.monotonic();
    const storedAt = this.#ids.get(eventId(event));
    if (storedAt !== undefined && now - storedAt < DEDUPE_MS) return;
    const isOld = this.#clock.now() - event.at > DEDUPE_MS / 2;
    if (repeated && isOld && (this.#lastOf.get(eventChannel(event)) ?? 0) >= event.sequence) return;
    this.#ids.set(eventId(event), now);
    this.#lastOf.set(eventChannel(event), event.sequence);
    this.stored.push(event);
  }
}

class StreamServer {
  readonly #clock: ManualClock;
  readonly lives: StreamLife[] = [];
  readonly calls: { readonly ids: readonly string[]; readonly repeated: boolean; readonly node: string }[] = [];
  /** For the next calls of publish, one each; null: no fault. */
  readonly faults: (StreamFault | null)[] = [];
  /** Calls that broke the port's rules. */
  readonly violations: string[] = [];
  away = false;
  #current: StreamLife | null = null;
  /** What publishing waits for before anything is stored, and before it answers. */
  #gates = { arrival: Promise.resolve(), answer: Promise.resolve() };

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  get life(): StreamLife {
    return this.lives.at(-1) ?? new StreamLife("none", this.#clock);
  }

  delete(): void {
    this.#current = null;
  }

  /** Calls from now on wait, before they are stored or before their answer. @returns lets them go on. */
  hold(what: "arrival" | "answer" = "arrival"): () => void {
    const gate = Promise.withResolvers<void>();
    this.#gates = { ...this.#gates, [what]: gate.promise };
    return gate.resolve;
  }

  /** Calls from now on wait no more. */
  letThrough(): void {
    this.#gates = { arrival: Promise.resolve(), answer: Promise.resolve() };
  }

  open(): string {
    if (this.away) throw new EventStreamUnavailable("away");
    if (this.#current === null) {
      this.#current = new StreamLife(`S@${this.lives.length + 1}`, this.#clock);
      this.lives.push(this.#current);
    }
    return this.#current.name;
  }

  async publish(events: readonly StatusEvent[], repeated: boolean, node: string): Promise<void> {
    this.calls.push({ ids: events.map(eventId), repeated, node });
    const resources = events.map(({ resourceId }) => resourceId);
    if (new Set(resources).size < resources.length || events.length === 0) {
      this.violations.push(`one call for ${resources.join(" ")}`);
    }
    const fault = this.faults.shift() ?? null;
    const life = this.#current;
    const gates = this.#gates;
    await gates.arrival;
    if (this.away || life === null || life !== this.#current) throw new EventStreamUnavailable("gone");
    if (fault === "before") throw new EventStreamUnavailable(fault);
    if (fault === "late") {
      this.#clock.schedule(LATE_MS, () => {
        for (const event of events) life.store(event, repeated);
      });
      throw new EventStreamUnavailable(fault);
    }
    for (const event of fault === "partly" ? events.filter((_, index) => index % 2 === 0) : events) {
      life.store(event, repeated);
    }
    await gates.answer;
    if (fault !== null) throw new EventStreamUnavailable(fault);
  }
}

/** A clock that a stopped process has: time goes on, what is due waits until it is continued. */
class ProcessClock implements Clock {
  readonly #clock: Clock;
  #due: (() => void)[] | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  schedule(delayMs: number, run: () => void): Timer {
    let cancelled = false;
    const unlessCancelled = (): void => {
      if (!cancelled) run();
    };
    const timer = this.#clock.schedule(delayMs, () => {
      if (this.#due === null) unlessCancelled();
      else this.#due.push(unlessCancelled);
    });
    return {
      cancel: () => {
        cancelled = true;
        timer.cancel();
      },
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn((delayMs, run) => this.schedule(delayMs, run), ms, signal);
  }

  stall(): void {
    this.#due ??= [];
  }

  wake(): void {
    const due = this.#due ?? [];
    this.#due = null;
    for (const run of due) run();
  }
}

export interface PublishingNode {
  readonly name: string;
  readonly publisher: Publisher;
  readonly clock: ProcessClock;
  /** Epochs of the shards it owns, as far as it knows. */
  readonly owned: Map<number, number>;
  dead: boolean;
}

export class PublishingWorld {
  readonly clock = new ManualClock();
  readonly log = recordingLog();
  readonly server = new StreamServer(this.clock);
  readonly #tables: Tables = emptyTables();
  readonly #nodes: PublishingNode[] = [];
  readonly #options: Partial<PublishingOptions>;
  storeAway = false;
  /** Shards whose log was asked for. */
  readonly reads: number[] = [];
  cursorWrites = 0;
  /** Events that a node had in memory while it published. */
  mostHeld = 0;
  #cursorGate: Promise<void> = Promise.resolve();
  readonly #firstKept = new Map<number, number>();

  constructor(shards: number, options: Partial<PublishingOptions> = {}) {
    this.#options = options;
    for (let shard = 0; shard < shards; shard++) {
      const row = { shard, owner: null, epoch: 0, expiresAt: 0, commit: 0, lastSequence: 0, events: [] };
      this.#tables.shards.push(row);
    }
  }

  get shards(): number[] {
    return this.#tables.shards.map(({ shard }) => shard);
  }

  get events(): StatusEvent[] {
    return this.#tables.shards.flatMap(({ events }) => events);
  }

  get ids(): string[] {
    return this.events.map(eventId);
  }

  get living(): PublishingNode[] {
    return this.#nodes.filter(({ dead }) => !dead);
  }

  cursor(shard: number): string {
    const cursor = this.#tables.cursors.get(shard);
    return cursor === undefined ? "none" : `${cursor.sequence} ${cursor.stream}`;
  }

  node(name: string): PublishingNode {
    const clock = new ProcessClock(this.clock);
    const queries = new MemoryQueries(this.#tables);
    const cursors = new MemoryCursors(this.#tables);
    /** What a dead node asks is never answered. */
    const asked = async <Answer>(work: () => Promise<Answer>): Promise<Answer> => {
      if (node.dead) return new Promise(() => {});
      const answer = await work();
      return node.dead ? new Promise(() => {}) : answer;
    };
    const stored = <Answer>(work: () => Promise<Answer>): Promise<Answer> =>
      asked(async () => {
        await Promise.resolve();
        if (this.storeAway) throw new StoreUnavailable("away");
        return work();
      });
    const stream: EventStream = {
      open: () => asked(async () => this.server.open()),
      publish: (events, { repeated }) => {
        this.mostHeld = Math.max(this.mostHeld, publisher.held);
        return asked(() => this.server.publish(events, repeated, name));
      },
    };
    const publisher = new Publisher({
      stream,
      cursors: {
        read: (shards) => stored(() => cursors.read(shards)),
        write: (moved) => {
          this.cursorWrites++;
          const gate = this.#cursorGate;
          return stored(async () => {
            await gate;
            await cursors.write(moved);
          });
        },
        lastBefore: (shards, at) => stored(() => cursors.lastBefore(shards, at)),
      },
      events: {
        readEvents: (shard, after, limit) => {
          this.reads.push(shard);
          const first = this.#firstKept.get(shard) ?? 0;
          return stored(() => queries.readEvents(shard, Math.max(after, first - 1), limit));
        },
        eventBounds: () =>
          stored(async () =>
            (await queries.eventBounds()).map((bound) => {
              const first = this.#firstKept.get(bound.shard) ?? bound.first;
              return { ...bound, first: first > bound.last ? 0 : first };
            }),
          ),
      },
      clock,
      log: this.log,
      options: this.#options,
    });
    const node: PublishingNode = { name, publisher, clock, owned: new Map(), dead: false };
    this.#nodes.push(node);
    publisher.start();
    return node;
  }

  /** Gives shards to a node; owners before are not told. */
  acquire(node: PublishingNode, shards: readonly number[]): void {
    const opened = shards.map((shard) => {
      const row = this.#tables.shards[shard]!;
      row.epoch++;
      node.owned.set(shard, row.epoch);
      return { shard, epoch: row.epoch, lastSequence: row.lastSequence };
    });
    node.publisher.opened(opened);
  }

  lose(node: PublishingNode, shards: readonly number[]): void {
    for (const shard of shards) node.owned.delete(shard);
    node.publisher.lost(shards);
  }

  /** As a graceful hand-over goes. */
  async handOver(from: PublishingNode, to: PublishingNode, shards: readonly number[], withinMs = 300): Promise<void> {
    await from.publisher.settled(shards, withinMs);
    this.lose(from, shards);
    this.acquire(to, shards);
  }

  /** Nothing of it happens any more. Its publishing is stopped later, as its timers are those of the test. */
  crash(node: PublishingNode): readonly number[] {
    node.dead = true;
    return [...node.owned.keys()];
  }

  /** Commits events of a shard, `resource` or `resource.name` each, and tells its owner. @param told whether it is told. */
  commit(node: PublishingNode, shard: number, happened: readonly string[], told = true): void {
    if (this.#tables.shards[shard]?.epoch !== node.owned.get(shard) || node.dead) return;
    const events = this.append(shard, happened);
    if (told) node.publisher.committed(events);
  }

  /** What somebody else committed. */
  append(shard: number, happened: readonly string[]): StatusEvent[] {
    const row = this.#tables.shards[shard]!;
    const events = happened.map((text): StatusEvent => {
      const [resourceId = "", name = "changed"] = text.split(".");
      row.lastSequence++;
      const place = { shard, sequence: row.lastSequence, at: this.clock.now() };
      return { ...place, resource: "instance", resourceId: `${shard}${resourceId}`, name, data: {} };
    });
    row.events.push(...events);
    return events;
  }

  /** Cursors are written later from now on. @returns lets those through that came meanwhile. */
  holdCursors(): () => void {
    const gate = Promise.withResolvers<void>();
    this.#cursorGate = gate.promise;
    return gate.resolve;
  }

  letCursorsThrough(): void {
    this.#cursorGate = Promise.resolve();
  }

  /** The log lets go of what is older, as retention would. */
  cutLog(shard: number, before: number): void {
    this.#firstKept.set(shard, before);
  }

  async end(): Promise<void> {
    this.server.letThrough();
    this.letCursorsThrough();
    const stopped = Promise.all(this.#nodes.map(({ publisher }) => publisher.stop()));
    for (const { clock } of this.#nodes) clock.wake();
    await this.clock.advance(5000);
    await stopped;
  }
}

/** What is wrong with one life of the stream: ids stored twice, and events of a resource out of order. */
export function disorders(life: StreamLife): string[] {
  const seen = new Set<string>();
  const lastOf = new Map<string, number>();
  return life.stored.flatMap((event) => {
    const wrong: string[] = [];
    if (seen.has(eventId(event))) wrong.push(`${eventId(event)} twice on ${life.name}`);
    seen.add(eventId(event));
    const last = lastOf.get(event.resourceId) ?? 0;
    if (event.sequence < last) wrong.push(`${eventId(event)} after ${event.shard}-${last} on ${life.name}`);
    lastOf.set(event.resourceId, Math.max(last, event.sequence));
    return wrong;
  });
}
