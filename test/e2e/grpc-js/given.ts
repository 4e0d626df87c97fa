/** What the tests of this folder start from. */
import type { GrpcClient, Message } from "./grpc-client.ts";

export const DEFINITIONS = "belfry.v1.DefinitionService";
export const INSTANCES = "belfry.v1.InstanceService";
export const WORKERS = "belfry.v1.WorkerService";
export const EVENTS = "belfry.v1.EventService";

/** A definition that runs when triggered, as often as that may be. @returns its id. */
export async function given(client: GrpcClient, queue: string, more: Message = {}): Promise<string> {
  const definition = {
    name: "report",
    schedule: { every: { interval: { seconds: 86_400 } } },
    action: { worker: { queue } },
    overlapPolicy: "OVERLAP_POLICY_ALLOW_ALL",
    ...more,
  };
  return idOf(await client.call(`${DEFINITIONS}/CreateDefinition`, { definition }), "definition");
}

/** @returns the id of the instance. */
export async function triggered(client: GrpcClient, definitionId: string, more: Message = {}): Promise<string> {
  return idOf(await client.call(`${DEFINITIONS}/TriggerDefinition`, { definitionId, ...more }), "instance");
}

/** Takes one instance by hand. @returns the token of the attempt. */
export async function taken(client: GrpcClient, queue: string, workerId = "w1"): Promise<string> {
  return idOf(
    await client.call(`${WORKERS}/PollInstance`, { queue, workerId, wait: { seconds: 10 } }),
    "attempt",
    "token",
  );
}

export function idOf(answer: Message, what: string, field = "id"): string {
  const id = (answer[what] as Message | undefined)?.[field];
  if (typeof id !== "string") throw new Error(`no ${what}.${field} in ${JSON.stringify(answer)}`);
  return id;
}
