/** What actors are woken for: deadlines that passed, deadlines that come near, and turns that came. */
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { ActorStore, Wakeup } from "../ports/store/actors.ts";
import { StoreUnavailable } from "../ports/store/journal.ts";
import type { Activation } from "./activation.ts";
import type { Deadlines } from "./deadlines.ts";
import { instanceKey, supervisorKey } from "./deadlines.ts";
import type { Decisions } from "./decisions.ts";
import type { Ownership } from "./ownership.ts";
import type { Queues } from "./queues.ts";
import { isUnavailable } from "./refusals.ts";
import type { Residents, SupervisorResident } from "./residents.ts";
import type { Takes } from "./takes.ts";

const AGAIN_MS = 200;

export interface WakingDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: ActorStore;
  readonly residents: Residents;
  readonly ownership: Ownership;
  readonly activation: Activation;
  readonly decisions: Decisions;
  readonly deadlines: Deadlines;
  readonly queues: Queues;
  readonly takes: Takes;
}

export class Waking {
  readonly #deps: WakingDeps;

  constructor(deps: WakingDeps) {
    this.#deps = deps;
  }

  /** A deadline may have passed. */
  wake(kind: Wakeup["kind"], id: string): void {
    const { clock, log, residents, decisions, deadlines, takes } = this.#deps;
    try {
      if (kind === "supervisor") {
        const resident = residents.supervisors.get(id);
        if (resident !== undefined) {
          takes.takeDue(resident);
        }
      } else {
        const resident = residents.instances.get(id);
        if (resident !== undefined) {
          decisions.wakeInstance(resident);
        }
      }
    } catch (error) {
      // The shard is not this node's any more, or not yet again: its actors are dropped, and come back with it.
      if (!isUnavailable(error)) {
        log.error("an actor could not decide", { kind, id, error });
      }
      deadlines.set(kind === "supervisor" ? supervisorKey(id) : instanceKey(id), clock.now() + AGAIN_MS);
    }
  }

  /**
   * Deadlines that come near: their actors come to life.
   * @returns shards of which some did not, though they are this node's: they were lost and acquired anew, or not trusted for a moment.
   */
  async bringDue(wakeups: readonly Wakeup[]): Promise<ReadonlySet<number>> {
    const { activation, ownership } = this.#deps;
    const brought = await Promise.allSettled(
      wakeups.map(({ kind, id }) => (kind === "supervisor" ? activation.supervisor(id) : activation.instance(id))),
    );
    const again = new Set<number>();
    brought.forEach((result, index) => {
      const shard = wakeups[index]?.shard ?? -1;
      if (result.status === "fulfilled") {
        return;
      }
      if (!isUnavailable(result.reason) || result.reason instanceof StoreUnavailable) {
        throw result.reason;
      }
      // Also when its lease is not trusted at this moment: it may be renewed, and nobody would look again.
      if (ownership.owns(shard)) {
        again.add(shard);
      }
    });
    return again;
  }

  /** The turn of an instance that is not in memory came. */
  async releaseLater(supervisor: SupervisorResident, instanceId: string): Promise<void> {
    const { clock, log, ownership, activation, decisions } = this.#deps;
    try {
      const resident = await activation.instance(instanceId);
      // A supervisor that came to life anew meanwhile, or a roster made anew, has found out by itself whose turn it is.
      if (resident !== null && resident.supervisor === supervisor && supervisor.roster.isAdmitted(instanceId)) {
        decisions.release(resident);
      }
      supervisor.releasing--;
    } catch (error) {
      if (!isUnavailable(error)) {
        log.error("an instance could not be released", { instance: instanceId, error });
        return;
      }
      clock.schedule(AGAIN_MS, () => {
        if (ownership.owns(activation.shardOf(instanceId))) {
          void this.releaseLater(supervisor, instanceId);
        }
      });
    }
  }

  /** Takes in what waits in the queues of shards that were just acquired. */
  async adoptQueues(shards: readonly number[]): Promise<void> {
    const { clock, log, store, ownership, queues } = this.#deps;
    try {
      queues.adopt(await store.queueLanes(shards));
    } catch (error) {
      log.warn("reading the queues of new shards failed; it goes on in a moment", { error });
      clock.schedule(AGAIN_MS, () => {
        const still = shards.filter((shard) => ownership.owns(shard));
        if (still.length > 0) {
          void this.adoptQueues(still);
        }
      });
    }
  }
}
