/** Taking what is due: one decision a due time, some of them a turn, so that a long backlog lets others have theirs. */
import { routingHash } from "../domain/routing.ts";
import type { Clock } from "../ports/clock.ts";
import type { Ids } from "../ports/ids.ts";
import type { Deadlines } from "./deadlines.ts";
import type { Decisions } from "./decisions.ts";
import { supervisorKey } from "./deadlines.ts";
import type { Journal } from "./journal.ts";
import type { RuntimeOptions } from "./options.ts";
import type { InstanceResident, SupervisorResident } from "./residents.ts";
import { loadOf } from "./rosters.ts";

/** While the journal is full, due times wait this long. */
const HOLD_MS = 20;

export class Takes {
  readonly #clock: Clock;
  readonly #ids: Ids;
  readonly #journal: Journal;
  readonly #deadlines: Deadlines;
  readonly #decisions: Decisions;
  readonly #options: RuntimeOptions;

  constructor(deps: {
    clock: Clock;
    ids: Ids;
    journal: Journal;
    deadlines: Deadlines;
    decisions: Decisions;
    options: RuntimeOptions;
  }) {
    this.#clock = deps.clock;
    this.#ids = deps.ids;
    this.#journal = deps.journal;
    this.#deadlines = deps.deadlines;
    this.#decisions = deps.decisions;
    this.#options = deps.options;
  }

  isDue({ deadlineAt, definition, deleted }: SupervisorResident): boolean {
    return (
      !deleted &&
      deadlineAt !== null &&
      deadlineAt <= this.#clock.now() &&
      (definition.state === "ACTIVE" || definition.state === "PAUSED")
    );
  }

  /** @returns the last instance that was fired. */
  takeDue(resident: SupervisorResident): InstanceResident | null {
    if (this.#journal.uncommitted >= this.#options.maxUncommitted) {
      this.#deadlines.set(supervisorKey(resident.id), this.#clock.now() + HOLD_MS);
      return null;
    }
    let fired: InstanceResident | null = null;
    const hash = routingHash(resident.id);
    this.#decisions.run(() => {
      for (let taken = 0; taken < this.#options.takesPerTurn && this.isDue(resident); taken++) {
        const outcome = this.#decisions.supervisor(resident, {
          type: "TAKE",
          at: this.#clock.now(),
          instanceId: this.#ids.uuid(hash),
          load: loadOf(resident),
        });
        if (outcome.kind === "ignored") {
          break;
        }
        fired = outcome.kind === "done" && outcome.spawned !== null ? outcome.spawned : fired;
      }
    });
    this.#decisions.arm(resident);
    return fired;
  }
}
