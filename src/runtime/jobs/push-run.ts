/**
 * Many pushes, one page after the other, a bounded number of them on their way.
 *
 * What was told last is what the next attempt goes on from: the place in the source, what came of the pushes that have ended, and those that have not.
 * A page that was submitted and not told is submitted again under the same request ids, and is not made twice.
 */
import type { PushAction } from "../../domain/approval/push-action.ts";
import type { PushState } from "../../domain/approval/push-log.ts";
import { pushStateOf } from "../../domain/approval/push-log.ts";
import { BelfryError } from "../../domain/error.ts";
import { isFinal } from "../../domain/instance/instance.ts";
import type { InstanceRecord } from "../../domain/instance/instance.ts";
import type { Json, JsonObject } from "../../domain/json.ts";
import type { Clock } from "../../ports/clock.ts";

/** Pushes of one session to one platform. */
export interface PushWanted {
  readonly platformId: string;
  readonly sessionId: string;
  readonly pushes: readonly {
    /** Null: of the session as a whole. */
    readonly workItemId: string | null;
    readonly action: PushAction;
  }[];
}

export interface PushPage {
  /** Of at most as many pushes as the window holds, or of one session alone. */
  readonly wanted: readonly PushWanted[];
  /** Where the next page begins. */
  readonly cursor: JsonObject;
}

// A type: it is JSON.
export type PushRunState = {
  readonly cursor: JsonObject | null;
  readonly submitted: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly skipped: number;
  readonly superseded: number;
  /** Ids of pushes that had not ended. */
  readonly underWay: readonly string[];
};

const NOTHING_YET: PushRunState = {
  cursor: null,
  submitted: 0,
  succeeded: 0,
  failed: 0,
  skipped: 0,
  superseded: 0,
  underWay: [],
};

const COUNTED = {
  SUCCEEDED: "succeeded",
  FAILED: "failed",
  SKIPPED: "skipped",
  SUPERSEDED: "superseded",
} as const satisfies Record<Exclude<PushState, "RETRYING">, keyof PushRunState>;

/** Looks at those under way come after so long, twice as long each time that none ended. */
const FIRST_LOOK_MS = 20;
const LONGEST_LOOK_MS = 1000;
/** What was told is at most so old while nothing but results changes. */
const TELL_MS = 1000;
/** A run that leaves a platform which takes nothing waits so long for one of its pushes to end. */
const PATIENCE_MS = 10_000;

export interface PushRunDeps {
  readonly clock: Clock;
  /** Pushes on their way at a time. */
  readonly window: number;
  /** @returns their ids; null: none was made, and that counts as skipped. */
  submit(wanted: PushWanted): Promise<readonly string[] | null>;
  load(ids: readonly string[]): Promise<readonly InstanceRecord[]>;
  tell(state: PushRunState): Promise<void>;
  readonly signal: AbortSignal;
  /** Whether it goes on without those platforms which take nothing more, instead of waiting for them. */
  readonly leavesStuck: boolean;
}

export class PushRun {
  readonly #deps: PushRunDeps;
  readonly #underWay: Set<string>;
  #state: PushRunState;
  #toldAt = 0;
  /** The platform of the last page that was submitted. */
  #platformId: string | null = null;
  /** Those that it goes on without. */
  readonly #stuck = new Set<string>();

  /** @param told by the attempts before; undefined: this is the first. */
  constructor(deps: PushRunDeps, told: Json | undefined) {
    this.#deps = deps;
    this.#state = told === undefined || told === null ? NOTHING_YET : (told as PushRunState);
    this.#underWay = new Set(this.#state.underWay);
  }

  get state(): PushRunState {
    return { ...this.#state, underWay: [...this.#underWay] };
  }

  /** @param pages from a cursor on. */
  async submitAll(pages: (cursor: JsonObject | null) => AsyncIterable<PushPage>): Promise<void> {
    for await (const { wanted, cursor } of pages(this.#state.cursor)) {
      const ids = (await this.#hasRoomFor(wanted)) ? await Promise.all(wanted.map((each) => this.#submit(each))) : [];
      let { submitted, skipped } = this.#state;
      for (const made of ids) {
        const fresh = made?.filter((each) => !this.#underWay.has(each));
        fresh?.forEach((each) => this.#underWay.add(each));
        skipped += made === null ? 1 : 0;
        submitted += fresh?.length ?? 1;
      }
      this.#state = { ...this.#state, cursor, submitted, skipped };
      await this.#tell();
    }
  }

  /** Waits for it. @returns false: their platform is left. */
  async #hasRoomFor(wanted: readonly PushWanted[]): Promise<boolean> {
    const [first] = wanted;
    if (first === undefined) {
      return true;
    }
    if (this.#stuck.has(first.platformId)) {
      return false;
    }
    const { window, leavesStuck } = this.#deps;
    const count = wanted.reduce((sum, { pushes }) => sum + pushes.length, 0);
    const isRoom = (): boolean => this.#underWay.size === 0 || this.#underWay.size + count <= window;
    if (!(await this.#until(isRoom, leavesStuck ? PATIENCE_MS : Number.POSITIVE_INFINITY))) {
      // Those under way are the platform's that has the window to itself; they end without being waited for.
      this.#underWay.clear();
      if (this.#platformId === first.platformId) {
        this.#stuck.add(first.platformId);
        return false;
      }
    }
    this.#platformId = first.platformId;
    return true;
  }

  /** Until all of them have ended. */
  async settled(): Promise<void> {
    await this.#until(() => this.#underWay.size === 0);
    await this.#tell();
  }

  async #submit(wanted: PushWanted): Promise<readonly string[] | null> {
    this.#deps.signal.throwIfAborted();
    try {
      return await this.#deps.submit(wanted);
    } catch (error) {
      if (error instanceof BelfryError && error.code === "NOT_FOUND") {
        return null;
      }
      throw error;
    }
  }

  /** @returns false: it is not so, and none has ended for `patienceMs`. */
  async #until(isSo: () => boolean, patienceMs = Number.POSITIVE_INFINITY): Promise<boolean> {
    const { clock, signal } = this.#deps;
    let endedAt = clock.monotonic();
    for (let waitMs = FIRST_LOOK_MS; !isSo(); waitMs = Math.min(2 * waitMs, LONGEST_LOOK_MS)) {
      if (clock.monotonic() - endedAt >= patienceMs) {
        return false;
      }
      await clock.sleep(waitMs, signal);
      if (await this.#look()) {
        waitMs = FIRST_LOOK_MS / 2;
        endedAt = clock.monotonic();
      }
      if (this.#deps.clock.monotonic() - this.#toldAt >= TELL_MS) {
        await this.#tell();
      }
    }
    return true;
  }

  /** @returns whether any ended. */
  async #look(): Promise<boolean> {
    const asked = [...this.#underWay];
    const found = await this.#deps.load(asked);
    const ended = found.filter(({ state }) => isFinal(state));
    // While nobody looked they ended, and were removed as what is old: nobody can say any more what came of them, and they are not counted.
    const known = new Set(found.map(({ id }) => id));
    const gone = asked.filter((id) => !known.has(id));
    gone.forEach((id) => this.#underWay.delete(id));
    for (const record of ended) {
      this.#underWay.delete(record.id);
      const state = pushStateOf(record);
      if (state !== "RETRYING") {
        this.#state = { ...this.#state, [COUNTED[state]]: this.#state[COUNTED[state]] + 1 };
      }
    }
    return ended.length + gone.length > 0;
  }

  async #tell(): Promise<void> {
    this.#toldAt = this.#deps.clock.monotonic();
    await this.#deps.tell(this.state);
  }
}
