import { BelfryError } from "../../domain/error.ts";
import type { InstanceRecord } from "../../domain/instance/instance.ts";
import { lockOfState, type LockRecord } from "../../domain/lock/lock.ts";
import { platformOfState, type PlatformRecord } from "../../domain/platform/platform.ts";
import { destinationOfState, type DestinationRecord } from "../../domain/webhook/destination.ts";
import type { ActorStateStore } from "../../ports/store/actor-states.ts";
import type { DefinitionWithSupervision } from "../../ports/store/actors.ts";
import type { QueryStore } from "../../ports/store/queries.ts";
import { isDispatch, type DispatchRecord } from "../mapping/dispatch.ts";

/** @throws BelfryError DEFINITION_NOT_FOUND */
export async function readDefinition(queries: QueryStore, id: string): Promise<DefinitionWithSupervision> {
  const found = await queries.getDefinition(id);
  if (found !== null) return found;
  throw new BelfryError(
    "DEFINITION_NOT_FOUND",
    `There is no definition "${id}". ListDefinitions shows those that exist.`,
    {
      metadata: { definition_id: id },
    },
  );
}

/** @throws BelfryError INSTANCE_NOT_FOUND */
export async function readInstance(queries: QueryStore, id: string): Promise<InstanceRecord> {
  const found = await queries.getInstance(id);
  if (found !== null) return found;
  throw new BelfryError("INSTANCE_NOT_FOUND", `There is no instance "${id}". ListInstances shows those that exist.`, {
    metadata: { instance_id: id },
  });
}

/** @throws BelfryError DISPATCH_NOT_FOUND when there is no such instance, or it runs something else. */
export async function readDispatch(queries: QueryStore, id: string): Promise<DispatchRecord> {
  const found = await queries.getInstance(id);
  if (found !== null && isDispatch(found)) return found;
  const why = found === null ? "" : ` The instance of this id is no webhook: GetInstance shows it.`;
  throw new BelfryError("DISPATCH_NOT_FOUND", `There is no dispatch "${id}".${why}`, { metadata: { dispatch_id: id } });
}

/** @throws BelfryError EXECUTION_NOT_FOUND when there is no such instance, or Belfry runs it itself. */
export async function readExecution(queries: QueryStore, taskId: string): Promise<InstanceRecord> {
  const found = await queries.getInstance(taskId);
  if (found?.spec.action.kind === "external") return found;
  const why = found === null ? "" : " The instance of this id is run by Belfry: GetInstance shows it.";
  throw new BelfryError(
    "EXECUTION_NOT_FOUND",
    `No execution is registered under the task id "${taskId}". RegisterExecution registers it, late too.${why}`,
    { metadata: { task_id: taskId } },
  );
}

/** A destination as it was last written. @throws BelfryError DESTINATION_NOT_FOUND */
export async function readDestination(actorStates: ActorStateStore, origin: string): Promise<DestinationRecord> {
  const [found] = await actorStates.load("destination", [origin]);
  if (found !== undefined) return destinationOfState(origin, found.shard, found.state);
  throw destinationNotFound(origin);
}

/** A platform as it was last written. @throws BelfryError PLATFORM_NOT_FOUND */
export async function readPlatform(actorStates: ActorStateStore, id: string): Promise<PlatformRecord> {
  const [found] = await actorStates.load("platform", [id]);
  if (found !== undefined) return platformOfState(id, found.shard, found.state);
  throw new BelfryError("PLATFORM_NOT_FOUND", `There is no platform "${id}". ListPlatforms shows those that exist.`, {
    metadata: { platform_id: id },
  });
}

/** As it was last written. @throws BelfryError LOCK_NOT_FOUND */
export async function readLock(actorStates: ActorStateStore, name: string): Promise<LockRecord> {
  const [found] = await actorStates.load("lock", [name]);
  if (found !== undefined) return lockOfState(name, found.shard, found.state);
  throw new BelfryError("LOCK_NOT_FOUND", `Nobody ever held a lock "${name}".`, { metadata: { name } });
}

export function destinationNotFound(origin: string): BelfryError {
  return new BelfryError(
    "DESTINATION_NOT_FOUND",
    `Nothing was ever sent to "${origin}", nor set for it. ListDestinations shows what is known; UpdateDestination needs no earlier dispatch.`,
    { metadata: { origin } },
  );
}
