import type { JetStreamManager } from "@nats-io/jetstream";
import type { Msg, MsgHdrs, Subscription } from "@nats-io/transport-node";
import type { StatusEvent } from "../../../src/domain/event/status-event.ts";

export const STREAM = "BELFRY_EVENTS";
export const INSTANCE = "019b76da-a800-7abc-8def-00000001beef";

export function anEvent(given: Partial<StatusEvent> = {}): StatusEvent {
  return {
    resource: "instance",
    resourceId: INSTANCE,
    name: "completed",
    at: Date.now(),
    data: { state: "COMPLETED" },
    shard: 3,
    sequence: 7,
    ...given,
  };
}

/** Events of as many instances, in the log of one shard. */
export function events(count: number, given: Partial<StatusEvent> = {}): StatusEvent[] {
  return Array.from({ length: count }, (_, index) =>
    anEvent({ resourceId: `instance-${index}`, sequence: index + 1, ...given }),
  );
}

/** The ids of what the stream has, in its order. */
export async function stored(manager: JetStreamManager): Promise<string[]> {
  const { state } = await manager.streams.info(STREAM);
  const ids: string[] = [];
  for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
    ids.push((await manager.streams.getMessage(STREAM, { seq }))?.header.get("ce-id") ?? "");
  }
  return ids;
}

/** The next messages of a subscription, which ends with them. */
export async function taken(subscription: Subscription, count: number): Promise<Msg[]> {
  const messages: Msg[] = [];
  for await (const message of subscription) {
    messages.push(message);
    if (messages.length === count) break;
  }
  return messages;
}

export function attributes(headers: MsgHdrs | undefined): Record<string, string> {
  return Object.fromEntries([...(headers ?? [])].map(([name, values]) => [name, values.join()]));
}
