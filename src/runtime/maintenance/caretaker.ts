/**
 * Sees to it that maintenance runs as configured, on every node for the definitions whose shard is its own.
 *
 * - M1 Nobody has to begin it: a definition is made, once, by whoever has its shard when a node looks after its start.
 * - M2 A change of configuration counts soon: the node that decided it asks the owner of the definition to look.
 * - M3 That may be lost, with its node: so each owner looks when it gets the shard, and now and then.
 */
import { scheduleKeysOf } from "../../domain/maintenance/configured-maintenance.ts";
import type { ConfiguredMaintenance } from "../../domain/maintenance/configured-maintenance.ts";
import type { ConfigPlace } from "../../domain/config/config-place.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { ConfigReader } from "../../ports/config-reader.ts";
import type { Log } from "../../ports/log.ts";
import { isUnavailable } from "../refusals.ts";
import type { MaintenanceCommands } from "./maintenance-commands.ts";

/** How long a change may go unnoticed whose notice was lost. */
const LOOK_MS = 60_000;
/** After a look that could not be made. */
const AGAIN_MS = 1000;

export interface CaretakerDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** None: this node leaves it to others, and looks after nothing. */
  readonly maintenance: readonly ConfiguredMaintenance[];
  readonly configs: () => Pick<ConfigReader, "onChange">;
  /** Whether the shard of this id is this node's to decide for now. */
  readonly decides: (definitionId: string) => boolean;
  /** Carried out here. */
  readonly local: MaintenanceCommands;
  /** Carried out by the owner. */
  readonly routed: () => MaintenanceCommands;
}

export class Caretaker {
  readonly #deps: CaretakerDeps;
  #timer: Timer | null = null;
  #subscription: { unsubscribe(): void } | null = null;
  #running = false;
  #looking = false;
  /** Something came while it looked. */
  #again = false;

  constructor(deps: CaretakerDeps) {
    this.#deps = deps;
  }

  start(): void {
    if (this.#deps.maintenance.length === 0) {
      return;
    }
    this.#running = true;
    this.#subscription = this.#deps.configs().onChange((place) => this.#heard(place));
    this.look();
  }

  stop(): void {
    this.#running = false;
    this.#subscription?.unsubscribe();
    this.#timer?.cancel();
  }

  /** Shards may have come to this node. M1, M3. */
  look(): void {
    this.#again = true;
    if (this.#running && !this.#looking) {
      void this.#look();
    }
  }

  async #look(): Promise<void> {
    const { clock, maintenance, decides, local } = this.#deps;
    this.#looking = true;
    this.#timer?.cancel();
    let isWell = true;
    while (this.#again && this.#running) {
      this.#again = false;
      const own = maintenance.filter(({ id }) => decides(id));
      isWell = (await Promise.all(own.map(({ id }) => this.#align(local, id)))).every(Boolean);
    }
    this.#looking = false;
    if (this.#running) {
      this.#timer = clock.schedule(isWell ? LOOK_MS : AGAIN_MS, () => this.look());
    }
  }

  /** M2. */
  #heard({ scope, key }: ConfigPlace): void {
    const { maintenance, routed } = this.#deps;
    for (const each of scope === "GLOBAL" ? maintenance : []) {
      if (scheduleKeysOf(each).includes(key)) {
        void this.#align(routed(), each.id);
      }
    }
  }

  /** @returns whether it is as configured now. */
  async #align(commands: MaintenanceCommands, id: string): Promise<boolean> {
    try {
      await commands.align(id);
      return true;
    } catch (error) {
      if (!isUnavailable(error) && this.#running) {
        this.#deps.log.warn("a definition of maintenance could not be set as configured; it is tried again", {
          definition: id,
          error,
        });
      }
      return false;
    }
  }
}
