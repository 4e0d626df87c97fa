/**
 * Actors that do nothing leave the memory; their state is in the store.
 *
 * One may leave when nothing of it is uncommitted, nobody needs it, and its row wakes it later than what was read ahead (P1): otherwise its
 * deadline would be seen by nobody. A row that wakes it too early is made exact first, by one more commit.
 */
import type { Clock } from "../ports/clock.ts";
import { isFinal } from "../domain/instance/instance.ts";
import type { Deadlines } from "./deadlines.ts";
import { instanceKey, supervisorKey } from "./deadlines.ts";
import type { Journal } from "./journal.ts";
import type { RuntimeOptions } from "./options.ts";
import type { ReadAhead } from "./read-ahead.ts";
import type { InstanceResident, Residents, SupervisorResident } from "./residents.ts";

const SWEEP_EVERY_MS = 1000;
/** Even then nobody leaves while a command waits for something between finding an actor and its decision. */
const CROWDED_IDLE_MS = 1000;
/** Rows made exact at a time, so that sweeping does not crowd out commands. */
const EXACT_AT_ONCE = 1000;

export class Passivation {
  readonly #clock: Clock;
  readonly #journal: Journal;
  readonly #deadlines: Deadlines;
  readonly #residents: Residents;
  readonly #readAhead: ReadAhead;
  readonly #options: RuntimeOptions;
  #timer: { cancel(): void } | null = null;

  constructor(deps: {
    clock: Clock;
    journal: Journal;
    deadlines: Deadlines;
    residents: Residents;
    readAhead: ReadAhead;
    options: RuntimeOptions;
  }) {
    this.#clock = deps.clock;
    this.#journal = deps.journal;
    this.#deadlines = deps.deadlines;
    this.#residents = deps.residents;
    this.#readAhead = deps.readAhead;
    this.#options = deps.options;
  }

  start(): void {
    this.#timer = this.#clock.schedule(SWEEP_EVERY_MS, () => {
      this.sweep();
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  sweep(): void {
    const crowded = this.#residents.size > this.#options.residentLimit;
    const idleSince = this.#clock.monotonic() - (crowded ? CROWDED_IDLE_MS : this.#options.idleMs);
    let exact = EXACT_AT_ONCE;
    for (const resident of this.#residents.instances.values()) {
      if (resident.pins === 0 && (resident.usedAt <= idleSince || isFinal(resident.record.state))) {
        if (isFinal(resident.record.state) || this.#mayLeave(resident)) {
          this.#residents.removeInstance(resident);
          this.#deadlines.set(instanceKey(resident.id), null);
        } else if (exact > 0 && this.#isLate(resident)) {
          exact--;
          this.#journal.open.instance(resident, "changed", { wake: true });
        }
      }
    }
    for (const resident of this.#residents.supervisors.values()) {
      if (resident.usedAt <= idleSince && isUnneeded(resident)) {
        if (this.#mayLeave(resident)) {
          this.#residents.supervisors.delete(resident.id);
          this.#deadlines.set(supervisorKey(resident.id), null);
        } else if (exact > 0 && this.#isLate(resident)) {
          exact--;
          this.#journal.open.supervisor(resident, { wake: true });
        }
      }
    }
    this.#journal.kick();
  }

  /** P1. */
  #mayLeave(resident: InstanceResident | SupervisorResident): boolean {
    const horizon = this.#readAhead.horizonOf(resident.shard);
    return (
      resident.deadlineAt === null ||
      (resident.storedWakeAt !== null && resident.storedWakeAt > horizon && resident.deadlineAt > horizon)
    );
  }

  /** Whether its deadline is far away, while its row says it is near. */
  #isLate(resident: InstanceResident | SupervisorResident): boolean {
    return (
      resident.deadlineAt !== null &&
      resident.deadlineAt > this.#readAhead.horizonOf(resident.shard) + this.#options.readAheadMs
    );
  }
}

/** Whether nobody needs a supervisor in memory. A deleted one stays until its rows are gone, so that nobody reads them again. */
function isUnneeded({ pins, instances, callingOff, releasing, roster, deleted }: SupervisorResident): boolean {
  return pins === 0 && instances === 0 && !callingOff && releasing === 0 && roster.gated === 0 && !deleted;
}
