/** Telling a definition's unfinished instances that they are called off, one by one, until all are told: through restarts. */
import { calledOff } from "../actors/supervisor/calling-off.ts";
import type { InstanceRecord } from "../domain/instance/instance.ts";
import { isFinal } from "../domain/instance/instance.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { ActorStore } from "../ports/store/actors.ts";
import type { Activation } from "./activation.ts";
import type { Decisions } from "./decisions.ts";
import type { Journal } from "./journal.ts";
import type { Ownership } from "./ownership.ts";
import type { Residents, SupervisorResident } from "./residents.ts";
import { gateOf, tracksAll } from "./rosters.ts";

const AT_ONCE = 200;
const RETRY_MS = 500;

export class CallingOff {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #store: ActorStore;
  readonly #journal: Journal;
  readonly #residents: Residents;
  readonly #ownership: Ownership;
  readonly #activation: () => Activation;
  readonly #decisions: () => Decisions;

  constructor(deps: {
    clock: Clock;
    log: Log;
    store: ActorStore;
    journal: Journal;
    residents: Residents;
    ownership: Ownership;
    activation: () => Activation;
    decisions: () => Decisions;
  }) {
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#store = deps.store;
    this.#journal = deps.journal;
    this.#residents = deps.residents;
    this.#ownership = deps.ownership;
    this.#activation = deps.activation;
    this.#decisions = deps.decisions;
  }

  /** Begins, or goes on; a supervisor has one such run at a time. */
  begin(supervisor: SupervisorResident): void {
    if (!supervisor.callingOff) {
      supervisor.callingOff = true;
      void this.#run(supervisor);
    }
  }

  async #run(supervisor: SupervisorResident): Promise<void> {
    try {
      // Orders that come while one is carried out are carried out after it.
      for (
        let order = supervisor.supervision.cancelling;
        order !== undefined;
        order = supervisor.supervision.cancelling
      ) {
        // The order is durable before it shows; and what is staged is in the store then.
        await this.#journal.barrier();
        const ids = await this.#idsOf(supervisor);
        for (let from = 0; from < ids.length; from += AT_ONCE) {
          await this.#tell(ids.slice(from, from + AT_ONCE), order);
        }
        if (this.#residents.supervisors.get(supervisor.id) !== supervisor) {
          return;
        }
        if (supervisor.supervision.cancelling === order) {
          supervisor.supervision = calledOff(supervisor.supervision);
          this.#decisions().touchSupervisor(supervisor);
        }
      }
      supervisor.callingOff = false;
    } catch (error) {
      this.#log.warn("calling instances off failed; it goes on in a moment", { definition: supervisor.id, error });
      this.#clock.schedule(RETRY_MS, () => {
        if (this.#residents.supervisors.get(supervisor.id) === supervisor && this.#ownership.owns(supervisor.shard)) {
          void this.#run(supervisor);
        }
      });
    }
  }

  /** Unfinished instances of the definition, oldest first. */
  async #idsOf(supervisor: SupervisorResident): Promise<readonly string[]> {
    if (tracksAll(supervisor.definition.spec)) {
      return supervisor.roster.ids().toSorted(byText);
    }
    const stored = (await this.#store.loadActiveOf(supervisor.id, "all")).map(({ id }) => id);
    const resident = [...this.#residents.instances.values()]
      .filter((instance) => instance.supervisor === supervisor)
      .map(({ id }) => id);
    return [...new Set([...stored, ...resident])].toSorted(byText);
  }

  async #tell(
    ids: readonly string[],
    order: { which: "all" | "gated"; terminate: boolean; reason: string; olderThan: string },
  ): Promise<void> {
    const older = order.olderThan === "" ? ids : ids.filter((id) => id < order.olderThan);
    const residents = await Promise.all(older.map((id) => this.#activation().instance(id)));
    const decisions = this.#decisions();
    decisions.run(() => {
      for (const resident of residents) {
        if (resident !== null && isMeant(resident.record, order.which)) {
          const at = this.#clock.now();
          decisions.instance(resident, { type: order.terminate ? "TERMINATE" : "CANCEL", at, reason: order.reason });
        }
      }
    });
  }
}

function isMeant(record: InstanceRecord, which: "all" | "gated"): boolean {
  return !isFinal(record.state) && (which === "all" || gateOf(record) !== null);
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
