/** Batches of pushes, and the sweep: instances of system definitions of this node's shards. */
import { batchDefinitionId } from "../../domain/approval/platform-push.ts";
import { batchDefinition, reconcileDefinition } from "../../domain/approval/push-definition.ts";
import { BelfryError } from "../../domain/error.ts";
import type { InstanceRecord } from "../../domain/instance/instance.ts";
import type { Gate } from "../gate.ts";
import type { BatchPayload } from "../jobs/batch-job.ts";
import { batchRunning } from "../refusals.ts";
import type { Platforms } from "./platform-kind.ts";
import { requireEnabled } from "./require-enabled.ts";
import type { SystemDefinitions } from "../system-definitions.ts";
import type { Triggers } from "../triggers.ts";

export interface BatchCommands {
  /** @throws BelfryError BATCH_RUNNING */
  start(
    platformId: string,
    command: { readonly payload: BatchPayload; readonly requestId?: string },
  ): Promise<{ readonly instance: InstanceRecord }>;
}

export interface SweepCommands {
  /** The sweep runs by itself from now on. */
  register(definitionId: string): Promise<null>;
  /** Now. @param command.platformId null: all platforms. */
  sweep(
    definitionId: string,
    command: { readonly platformId: string | null; readonly requestId?: string },
  ): Promise<{ readonly instance: InstanceRecord }>;
}

interface BatchDeps {
  readonly gate: Gate;
  readonly platforms: Platforms;
  readonly systemDefinitions: SystemDefinitions;
  readonly triggers: Triggers;
}

/** One at a time a platform. */
const BATCH_KEY = "batch";

export function batchCommands({ gate, platforms, systemDefinitions, triggers }: BatchDeps): BatchCommands {
  return {
    start: (platformId, { payload, requestId }) =>
      gate.pass(async () => {
        const id = batchDefinitionId(platformId);
        // They live in the same shard.
        const [platform] = await Promise.all([
          platforms.bring(platformId),
          systemDefinitions.ensure(id, batchDefinition),
        ]);
        try {
          return await triggers.trigger(id, {
            ignoreOverlap: true,
            before: () => requireEnabled(platform.record),
            overrides: {
              name: `batch of pushes to ${platformId}`,
              payload,
              uniqueKey: { key: BATCH_KEY, onConflict: "REJECT" },
              labels: { platform: platformId },
            },
            ...(requestId === undefined ? {} : { requestId }),
          });
        } catch (error) {
          if (error instanceof BelfryError && error.reason === "UNIQUE_KEY_TAKEN") {
            throw batchRunning(platformId, error.metadata["instance_id"] ?? "");
          }
          throw error;
        }
      }),
  };
}

export function sweepCommands({ gate, systemDefinitions, triggers }: Omit<BatchDeps, "platforms">): SweepCommands {
  return {
    register: (definitionId) =>
      gate.pass(async () => {
        await systemDefinitions.ensure(definitionId, reconcileDefinition);
        return null;
      }),
    sweep: (definitionId, { platformId, requestId }) =>
      gate.pass(async () => {
        await systemDefinitions.ensure(definitionId, reconcileDefinition);
        return triggers.trigger(definitionId, {
          ignoreOverlap: true,
          overrides: platformId === null ? {} : { payload: { platformId } },
          ...(requestId === undefined ? {} : { requestId }),
        });
      }),
  };
}
