/**
 * Attempts that workers here have, made known to the owners of their instances' shards, so that these can tell the workers of a cancel, and free
 * their slots when an attempt is over. Whoever owned the shard when the attempt began knows of it; each later owner is told. Another node is
 * told again now and then, since what it says of the end of an attempt may get lost.
 */
import { shardOf } from "../../domain/routing.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { AttemptCommands } from "../attempt-commands.ts";
import { instanceOfToken } from "../attempt-token.ts";
import { isUnavailable } from "../refusals.ts";
import type { Session, Workers } from "../workers.ts";
import type { ShardMap } from "./shard-map.ts";

/** Claims under way at a time; the others have their turn at the next look. */
const AT_ONCE = 500;
/** How often another node is told again of an attempt. */
const AGAIN_MS = 60_000;

/** No epoch of any shard. */
const FORGOTTEN = -1;

export class Claims {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #map: ShardMap;
  readonly #workers: Workers;
  readonly #attempts: () => AttemptCommands;
  readonly #run: (change: () => void) => void;
  readonly #nodeId: string;
  readonly #shardCount: number;
  /** The epoch of the owner that knows of an attempt, and when it was told: by the monotonic clock. */
  readonly #known = new Map<string, { readonly epoch: number; readonly at: number }>();
  readonly #underWay = new Set<string>();

  constructor(deps: {
    clock: Clock;
    log: Log;
    map: ShardMap;
    workers: Workers;
    attempts: () => AttemptCommands;
    run: (change: () => void) => void;
    nodeId: string;
    shardCount: number;
  }) {
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#map = deps.map;
    this.#workers = deps.workers;
    this.#attempts = deps.attempts;
    this.#run = deps.run;
    this.#nodeId = deps.nodeId;
    this.#shardCount = deps.shardCount;
  }

  /** An attempt begins here, of an instance of this node. */
  begun(token: string): void {
    this.#known.set(token, { epoch: this.#map.epochOf(this.#shardOf(token)), at: this.#clock.monotonic() });
  }

  /** A node may have forgotten what it knew: it is told again. */
  forgotten(node: string): void {
    for (const [token, known] of this.#known) {
      if (this.#map.ownerOf(this.#shardOf(token)) === node) {
        this.#known.set(token, { ...known, epoch: FORGOTTEN });
      }
    }
  }

  /** Tells the owners that do not know yet. */
  tick(): void {
    const now = this.#clock.monotonic();
    const current = new Set<string>();
    for (const { token, session } of this.#workers.attempts()) {
      current.add(token);
      const shard = this.#shardOf(token);
      const epoch = this.#map.epochOf(shard);
      const owner = this.#map.ownerOf(shard);
      const known = this.#known.get(token);
      const isKnown = known?.epoch === epoch && (owner === this.#nodeId || now - known.at < AGAIN_MS);
      const news = owner !== null && !isKnown;
      if (news && !this.#underWay.has(token) && this.#underWay.size < AT_ONCE) {
        void this.#claim(token, session, epoch);
      }
    }
    for (const token of this.#known.keys()) {
      if (!current.has(token)) {
        this.#known.delete(token);
      }
    }
  }

  async #claim(token: string, session: Session, epoch: number): Promise<void> {
    this.#underWay.add(token);
    try {
      const { id, workerId, queue } = session;
      const holder = { node: this.#nodeId, session: id, workerId, queue, isReminder: this.#known.has(token) };
      const claimed = await this.#attempts().claim(token, holder);
      if (claimed === null) {
        this.#workers.tell({ token, cancelRequested: false, pauseRequested: false, stale: true });
        this.#run(() => this.#workers.release(token));
        return;
      }
      if (claimed.isElsewhere === true) {
        this.#workers.forget(token);
        return;
      }
      this.#known.set(token, { epoch, at: this.#clock.monotonic() });
      if (session.running.has(token)) {
        session.running.set(token, claimed.policy);
      }
      if (claimed.cancelRequested || claimed.pauseRequested) {
        const { cancelRequested, pauseRequested } = claimed;
        this.#workers.tell({ token, cancelRequested, pauseRequested, stale: false });
      }
    } catch (error) {
      // It is tried again at the next look.
      if (!isUnavailable(error)) {
        this.#log.warn("an attempt could not be made known to the owner of its instance", { error });
      }
    } finally {
      this.#underWay.delete(token);
    }
  }

  #shardOf(token: string): number {
    return shardOf(instanceOfToken(token) ?? "", this.#shardCount);
  }
}
