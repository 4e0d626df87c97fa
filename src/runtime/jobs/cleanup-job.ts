/**
 * The retention cleanup (清理历史记录, R-130): what finished longer ago than `retention_days` is removed, with what belongs to it.
 *
 * One step comes after the other: finished instances of everybody, and of each user who keeps them for another time; executions that never ended, when these
 * shall go too; occurrences; events. Each removes in small pieces (`Pace`). Where it is, is told now and then: so the next attempt goes on there. What an
 * attempt that died removed and had not told yet is missing in the counts, nothing else.
 *
 * By when things must have ended is settled once, by when the cleanup began; for how long they are kept may change under way.
 */
import { BelfryError } from "../../domain/error.ts";
import { ACTIVE_STATES } from "../../domain/instance/instance.ts";
import type { InstanceRecord } from "../../domain/instance/instance.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ConfigReader } from "../../ports/config-reader.ts";
import type { ListCursor } from "../../ports/store/queries.ts";
import type { OccurrenceCursor, OldInstances, Removal, RetentionCutoffs } from "../../ports/store/retention.ts";
import type { Store } from "../../ports/store/store.ts";
import type { InstanceCommands } from "../api.ts";
import type { Job, JobRun } from "./job-executor.ts";
import { Pace } from "./pace.ts";

export interface CleanupDeps {
  readonly clock: Clock;
  readonly store: Pick<Store, "retention" | "queries" | "cursors">;
  readonly configs: () => Pick<ConfigReader, "resolve" | "values">;
  /** Routed to the owners. */
  readonly instances: () => Pick<InstanceCommands, "cancel">;
  readonly shardCount: number;
  /** Whether events go to a stream: those that are not on it yet stay. */
  readonly publishes: boolean;
}

/** What was removed: a type, for it is JSON. */
type Counts = {
  readonly instances: number;
  /** Executions that never ended, and were ended for it. */
  readonly executions: number;
  readonly occurrences: number;
  readonly events: number;
};

const STEPS = ["instances", "users", "executions", "occurrences", "events"] as const;
type Step = (typeof STEPS)[number];

/** How far it is: a type, for it is JSON. */
type CleanupState = {
  readonly startedAt: number;
  readonly step: Step;
  /** Whose instances it is at, in the step `users`. */
  readonly user: string;
  /** Where the step goes on; null: at its beginning. */
  readonly cursor: JsonObject | null;
  readonly removed: Counts;
};

const DAY_MS = 86_400_000;
const TELL_MS = 2000;
const EXECUTIONS_AT_ONCE = 50;
const NOTHING: Counts = { instances: 0, executions: 0, occurrences: 0, events: 0 };

export function cleanupJob(deps: CleanupDeps): Job {
  return async (run) => {
    const { clock } = deps;
    const configs = deps.configs();
    const [days, onlyCompleted, batchSize] = await Promise.all([
      configs.values("retention_days"),
      configs.resolve("cleanup_only_completed"),
      configs.resolve("cleanup_batch_size"),
    ]);
    const told = run.told["cleanup"] as CleanupState | undefined;
    const state = told ?? { startedAt: clock.now(), step: "instances", user: "", cursor: null, removed: NOTHING };
    const before = (kept: number): number => state.startedAt - kept * DAY_MS;
    const others = [...days.users].filter(([, own]) => own !== days.everybody);
    const cutoffs: RetentionCutoffs = {
      everybody: before(days.everybody),
      users: new Map(others.map(([user, own]) => [user, before(own)] as const).toSorted(byUser)),
    };
    const cleanup = new Cleanup(deps, run, state, cutoffs, new Pace(clock, run.signal, batchSize.value));
    await cleanup.instances();
    await cleanup.users();
    await cleanup.executions(onlyCompleted.value);
    await cleanup.occurrences();
    await cleanup.events();
    return { ...cleanup.removed };
  };
}

function byUser([one]: readonly [string, number], [other]: readonly [string, number]): number {
  return one < other ? -1 : 1;
}

class Cleanup {
  readonly #deps: CleanupDeps;
  readonly #run: JobRun;
  readonly #cutoffs: RetentionCutoffs;
  readonly #pace: Pace;
  #state: CleanupState;
  #toldAt: number;

  constructor(deps: CleanupDeps, run: JobRun, state: CleanupState, cutoffs: RetentionCutoffs, pace: Pace) {
    this.#deps = deps;
    this.#run = run;
    this.#state = state;
    this.#cutoffs = cutoffs;
    this.#pace = pace;
    this.#toldAt = deps.clock.monotonic();
  }

  get removed(): Counts {
    return this.#state.removed;
  }

  async instances(): Promise<void> {
    if (await this.#isAt("instances")) {
      const { everybody, users } = this.#cutoffs;
      await this.#removeInstances({ endedBefore: everybody, of: { except: [...users.keys()] } });
    }
  }

  async users(): Promise<void> {
    if (!(await this.#isAt("users"))) {
      return;
    }
    for (const [user, endedBefore] of this.#cutoffs.users) {
      if (user >= this.#state.user) {
        const { cursor } = this.#state;
        this.#state = { ...this.#state, user, cursor: user === this.#state.user ? cursor : null };
        await this.#removeInstances({ endedBefore, of: { user } });
      }
    }
  }

  /** Those whose end is not known, as they have an owner who has them in memory: they are ended by it, and then removed. */
  async executions(onlyCompleted: boolean): Promise<void> {
    if (!(await this.#isAt("executions")) || onlyCompleted) {
      return;
    }
    const { queries, retention } = this.#deps.store;
    const createdBefore = Math.max(this.#cutoffs.everybody, ...this.#cutoffs.users.values());
    const filter = { execution: {}, states: ACTIVE_STATES, createdBefore };
    await this.#walk<ListCursor>("executions", async (after) => {
      const page = await queries.listInstances(filter, after, EXECUTIONS_AT_ONCE);
      const ended = await Promise.all(page.filter((each) => this.#isSilent(each)).map((each) => this.#end(each)));
      const ids = ended.filter((id) => id !== null);
      const last = page.length < EXECUTIONS_AT_ONCE ? undefined : page.at(-1);
      return {
        removed: ids.length === 0 ? 0 : await retention.removeFinished(ids),
        next: last === undefined ? null : { at: last.createdAt, id: last.id },
      };
    });
  }

  async occurrences(): Promise<void> {
    if (await this.#isAt("occurrences")) {
      const { retention } = this.#deps.store;
      await this.#walk<OccurrenceCursor>("occurrences", (after, rows) =>
        retention.removeOccurrences(this.#cutoffs, after, rows),
      );
    }
  }

  /** Those that everybody's cutoff is after, whoever they are about: a log has one beginning. */
  async events(): Promise<void> {
    if (!(await this.#isAt("events"))) {
      return;
    }
    const { store, shardCount, publishes } = this.#deps;
    const shards = Array.from({ length: shardCount }, (_, shard) => shard);
    const lasts = await store.cursors.lastBefore(shards, this.#cutoffs.everybody);
    const published = publishes
      ? new Map((await store.cursors.read(shards)).map(({ shard, sequence }) => [shard, sequence]))
      : null;
    await this.#walk<{ readonly shard: number }>("events", async (at, rows) => {
      const shard = at?.shard ?? 0;
      const last = lasts.find((each) => each.shard === shard)?.sequence ?? 0;
      // One of which nothing was published yet has no cursor.
      const upTo = published === null ? last : Math.min(last, published.get(shard) ?? 0);
      const { removed, more } = await store.retention.removeEvents(shard, upTo, rows);
      const next = more ? shard : shard + 1;
      return { removed, next: next < shardCount ? { shard: next } : null };
    });
  }

  /** @returns false: an attempt before has done this step. */
  async #isAt(step: Step): Promise<boolean> {
    const difference = STEPS.indexOf(step) - STEPS.indexOf(this.#state.step);
    if (difference > 0) {
      this.#state = { ...this.#state, step, user: "", cursor: null };
      await this.#tell();
    }
    return difference >= 0;
  }

  async #removeInstances(which: OldInstances): Promise<void> {
    const { retention } = this.#deps.store;
    await this.#walk<ListCursor>("instances", (after, rows) => retention.removeInstances(which, after, rows));
  }

  /** From where the state says. */
  async #walk<Cursor extends object>(
    counted: keyof Counts,
    remove: (after: Cursor | null, rows: number) => Promise<Removal<Cursor>>,
  ): Promise<void> {
    for (let after = this.#state.cursor as Cursor | null, isDone = false; !isDone;) {
      const { removed, next } = await this.#pace.take((rows) => remove(after, rows));
      after = next;
      isDone = next === null;
      const counts = { ...this.#state.removed, [counted]: this.#state.removed[counted] + removed };
      this.#state = { ...this.#state, cursor: next as unknown as JsonObject | null, removed: counts };
      if (!isDone && this.#deps.clock.monotonic() - this.#toldAt >= TELL_MS) {
        await this.#tell();
      }
      await this.#pace.rest();
    }
  }

  async #tell(): Promise<void> {
    this.#toldAt = this.#deps.clock.monotonic();
    const { step, removed } = this.#state;
    const { instances, executions, occurrences, events } = removed;
    const message = `removed: ${instances + executions} instances, ${occurrences} occurrences, ${events} events`;
    const percent = Math.floor((100 * STEPS.indexOf(step)) / STEPS.length);
    await this.#run.tell({ percent, step, message }, { cleanup: this.#state });
  }

  /** Whether nothing was told of it for as long as its user keeps things. */
  #isSilent({ createdAt, spec: { userId }, life: { stateAt, progress } }: InstanceRecord): boolean {
    const cutoff = this.#cutoffs.users.get(userId) ?? this.#cutoffs.everybody;
    return Math.max(createdAt, stateAt, progress?.at ?? 0) < cutoff;
  }

  /** @returns its id; null: it has ended meanwhile, and stays as long as others that did. */
  async #end({ id }: InstanceRecord): Promise<string | null> {
    try {
      await this.#deps
        .instances()
        .cancel(id, { reason: "it never ended, and nothing was told of it", terminate: true });
      return id;
    } catch (error) {
      if (error instanceof BelfryError && (error.code === "NOT_FOUND" || error.code === "FAILED_PRECONDITION")) {
        return null;
      }
      throw error;
    }
  }
}
