/** Definitions that Belfry makes for itself, when they are needed first. Their ids begin with `$`; nobody else sees them, so no event tells of them. */
import type { DefinitionSpec } from "../domain/definition/definition.ts";
import type { Clock } from "../ports/clock.ts";
import type { Activation } from "./activation.ts";
import type { Decisions } from "./decisions.ts";
import type { Journal } from "./journal.ts";
import { stageNewDefinition } from "./new-definition.ts";
import type { Ownership } from "./ownership.ts";
import { shardUnavailable } from "./refusals.ts";
import type { Residents, SupervisorResident } from "./residents.ts";

interface SystemDefinitionDeps {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly ownership: Ownership;
  readonly residents: Residents;
  readonly activation: Activation;
  readonly decisions: Decisions;
}

export class SystemDefinitions {
  readonly #deps: SystemDefinitionDeps;

  constructor(deps: SystemDefinitionDeps) {
    this.#deps = deps;
  }

  /**
   * The supervisor of a system definition. One that does not exist yet is staged: it is in the same commit as what is decided in this turn, or in
   * an earlier one.
   * @param specOf gives its spec, when it is to be made.
   * @throws BelfryError SHARD_UNAVAILABLE
   */
  async ensure(id: string, specOf: () => DefinitionSpec): Promise<SupervisorResident> {
    const { activation, ownership, residents, decisions } = this.#deps;
    // Another call may have made it while this one waited.
    const known = (await activation.supervisor(id)) ?? residents.supervisors.get(id);
    if (known !== undefined) {
      return known;
    }
    const shard = activation.shardOf(id);
    if (ownership.open(shard) === null) {
      throw shardUnavailable(shard);
    }
    return decisions.run(() => stageNewDefinition(this.#deps, { id, shard, spec: specOf(), startPaused: false }));
  }
}
