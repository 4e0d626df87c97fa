/**
 * Who may have to give its place to an instance that is triggered: the holder of its unique key, and older ones with its supersede key. They end
 * in the commit that makes it, so they must be in memory; there it is seen which of the older ones run.
 */
import type { Superseded } from "../actors/supervisor/events.ts";
import type { Activation } from "./activation.ts";
import type { TriggerOverrides } from "./api.ts";
import { shardUnavailable } from "./refusals.ts";
import type { InstanceResident, Residents, SupervisorResident } from "./residents.ts";
import { gateOf } from "./rosters.ts";

export class Holders {
  readonly #activation: Activation;
  readonly #residents: Residents;

  constructor(deps: { activation: Activation; residents: Residents }) {
    this.#activation = deps.activation;
    this.#residents = deps.residents;
  }

  /** Brings them to memory. Those that come while the caller waits are there anyway. */
  async bring(supervisor: SupervisorResident, overrides: TriggerOverrides): Promise<void> {
    await Promise.all(idsOf(supervisor, overrides).map((id) => this.#activation.instance(id)));
  }

  /** Throws SHARD_UNAVAILABLE when one has left the memory again: then it is to be tried anew. */
  requireHere(supervisor: SupervisorResident, overrides: TriggerOverrides): void {
    idsOf(supervisor, overrides).forEach((id) => this.#here(id, supervisor));
  }

  /** Those that an instance takes the place of, the oldest first: they have no attempt under way. */
  superseded(supervisor: SupervisorResident, { supersedeKey = "" }: TriggerOverrides): readonly Superseded[] {
    return supervisor.roster
      .withSupersedeKey(supersedeKey)
      .toSorted()
      .map((id) => this.#here(id, supervisor).record)
      .filter(({ life }) => life.attempt === null)
      .map((record) => ({ instanceId: record.id, buffered: gateOf(record) === "BUFFERED" }));
  }

  #here(id: string, { shard }: SupervisorResident): InstanceResident {
    const resident = this.#residents.instances.get(id);
    if (resident === undefined) {
      throw shardUnavailable(shard);
    }
    return resident;
  }
}

/** The newest of those with the supersede key of an instance, when that is not the instance itself. */
export function newerOf({ id, record, supervisor }: InstanceResident): string | null {
  const { supersedeKey = "" } = record.spec;
  const newest = supersedeKey === "" ? id : (supervisor?.roster.withSupersedeKey(supersedeKey) ?? []).toSorted().at(-1);
  return newest !== undefined && newest > id ? newest : null;
}

function idsOf({ roster }: SupervisorResident, { uniqueKey, supersedeKey = "" }: TriggerOverrides): readonly string[] {
  const holder = uniqueKey?.onConflict === "CANCEL_EXISTING" ? roster.uniqueHolder(uniqueKey.key) : null;
  return [...(holder === null ? [] : [holder]), ...roster.withSupersedeKey(supersedeKey)];
}
