/** Making pushes: task instances of the shard of their session, in one commit with the facts that they are about. */
import type { PlatformPush, PushOrigin } from "../../domain/approval/platform-push.ts";
import { pushDefinitionId, pushOrderingKey } from "../../domain/approval/platform-push.ts";
import { pushDefinition } from "../../domain/approval/push-definition.ts";
import { pushLabels } from "../../domain/approval/push-log.ts";
import type { PlatformRecord } from "../../domain/platform/platform.ts";
import type { Priority } from "../../domain/policy/priority.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Ids } from "../../ports/ids.ts";
import type { Activation } from "../activation.ts";
import type { TriggerOverrides } from "../api.ts";
import type { Decisions } from "../decisions.ts";
import { Holders } from "../holders.ts";
import { shardUnavailable } from "../refusals.ts";
import type { InstanceResident, Residents, SupervisorResident } from "../residents.ts";
import { loadOf } from "../rosters.ts";
import type { SystemDefinitions } from "../system-definitions.ts";

export interface NewPush {
  readonly push: PlatformPush;
  /** Null: it takes no other's place. */
  readonly supersedeKey: string | null;
  /** The batch that it belongs to; empty: none. */
  readonly batchId: string;
  readonly platform: Pick<PlatformRecord, "policy">;
}

const PRIORITIES = {
  EVENT: 3,
  MANUAL: 2,
  BATCH: 4,
  SWEEP: 4,
} as const satisfies Record<PushOrigin, Priority>;

export class PushInstances {
  readonly #clock: Clock;
  readonly #ids: Ids;
  readonly #activation: Activation;
  readonly #decisions: Decisions;
  readonly #systemDefinitions: SystemDefinitions;
  readonly #holders: Holders;

  constructor(deps: {
    readonly clock: Clock;
    readonly ids: Ids;
    readonly residents: Residents;
    readonly activation: Activation;
    readonly decisions: Decisions;
    readonly systemDefinitions: SystemDefinitions;
  }) {
    this.#clock = deps.clock;
    this.#ids = deps.ids;
    this.#activation = deps.activation;
    this.#decisions = deps.decisions;
    this.#systemDefinitions = deps.systemDefinitions;
    this.#holders = new Holders(deps);
  }

  /** The supervisor of a shard's pushes. @throws BelfryError SHARD_UNAVAILABLE */
  supervisor(shard: number): Promise<SupervisorResident> {
    return this.#systemDefinitions.ensure(pushDefinitionId(shard), pushDefinition);
  }

  /** Brings those to memory whose place they take. */
  async bring(supervisor: SupervisorResident, pushes: readonly NewPush[]): Promise<void> {
    await Promise.all(pushes.map((push) => this.#holders.bring(supervisor, overridesOf(push))));
  }

  /** Throws SHARD_UNAVAILABLE when not all that is needed to make them is in memory: asked before anything is staged. */
  requireReady(supervisor: SupervisorResident, pushes: readonly NewPush[]): void {
    if (!this.#activation.isResident(supervisor)) {
      throw shardUnavailable(supervisor.shard);
    }
    for (const push of pushes) {
      this.#holders.requireHere(supervisor, overridesOf(push));
    }
  }

  /** Whether something of a session is on its way to a platform. */
  isUnderWay(supervisor: SupervisorResident, platformId: string, sessionId: string): boolean {
    return supervisor.roster.hasOrderingKey(pushOrderingKey(platformId, sessionId));
  }

  /** Stages one. */
  make(supervisor: SupervisorResident, push: NewPush): InstanceResident {
    const overrides = overridesOf(push);
    const outcome = this.#decisions.supervisor(supervisor, {
      type: "TRIGGER",
      at: this.#clock.now(),
      instanceId: this.#ids.uuid(supervisor.shard),
      load: loadOf(supervisor),
      overrides,
      ignoreOverlap: true,
      uniqueHolder: null,
      superseded: this.#holders.superseded(supervisor, overrides),
    });
    if (outcome.kind !== "done" || outcome.spawned === null) {
      throw new Error(`a push could not be made: ${outcome.kind}`);
    }
    return outcome.spawned;
  }
}

function overridesOf({ push, supersedeKey, batchId, platform: { policy } }: NewPush): TriggerOverrides {
  const { platformId, sessionId, workItemId, action, origin } = push;
  return {
    name: `${action} of ${workItemId ?? sessionId}`,
    action: push,
    retry: policy.retry,
    priority: PRIORITIES[origin],
    labels: pushLabels(push, batchId),
    businessId: sessionId,
    orderingKey: pushOrderingKey(platformId, sessionId),
    ...(supersedeKey === null ? {} : { supersedeKey }),
  };
}
