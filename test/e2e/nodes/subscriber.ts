/** A subscriber as any service would write it: the plain client of NATS, an ordered consumer on the stream, and nothing of Belfry's. */
import { jetstream } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";

export interface ReceivedEvent {
  /** `ce-id`. */
  readonly id: string;
  /** `ce-type`: what happened. */
  readonly type: string;
  /** `ce-subject`: whom it happened to. */
  readonly resourceId: string;
  /** `ce-sequence`: its place in the log of its shard. */
  readonly sequence: number;
  /** The NATS subject. */
  readonly channel: string;
}

export interface Subscriber extends AsyncDisposable {
  /** All it has received so far, in the order in which it came. */
  readonly events: readonly ReceivedEvent[];
}

/** A server that was started again has forgotten the consumer; the client notices after two of these. Its default is 15 s. */
const NOTICE_MS = 1000;

/** Follows the stream of status events from its beginning, over any number of restarts of NATS. */
export async function subscribe(natsUrl: string): Promise<Subscriber> {
  const connection = await connect({ servers: natsUrl, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
  try {
    const consumer = await jetstream(connection).consumers.get("BELFRY_EVENTS");
    const messages = await consumer.consume({ expires: NOTICE_MS * 2, idle_heartbeat: NOTICE_MS });
    const events: ReceivedEvent[] = [];
    const reading = (async () => {
      for await (const { subject, headers } of messages) {
        events.push({
          id: headers?.get("ce-id") ?? "",
          type: headers?.get("ce-type") ?? "",
          resourceId: headers?.get("ce-subject") ?? "",
          sequence: Number(headers?.get("ce-sequence")),
          channel: subject,
        });
      }
    })();
    return {
      events,
      [Symbol.asyncDispose]: async () => {
        await messages.close();
        await reading;
        await connection.close();
      },
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** What is wrong with what a subscriber received, against the log: it should have each of its events once, those of a resource in order. */
export function subscriptionFaults(
  received: readonly ReceivedEvent[],
  log: readonly { readonly id: string; readonly channel: string }[],
): string[] {
  const faults: string[] = [];
  const channels = new Map(log.map(({ id, channel }) => [id, channel]));
  const seen = new Set<string>();
  const lasts = new Map<string, ReceivedEvent>();
  for (const event of received) {
    const { id, resourceId, channel } = event;
    if (seen.has(id)) faults.push(`event ${id} (${channel}) came twice`);
    seen.add(id);
    const last = lasts.get(resourceId);
    if (last !== undefined && last.sequence > event.sequence) {
      faults.push(`event ${id} (${channel}) came after event ${last.id} (${last.channel})`);
    }
    lasts.set(resourceId, event);
    if (channels.get(id) !== channel) faults.push(`event ${id} came on ${channel}; the log has ${channels.get(id)}`);
  }
  for (const [id, channel] of channels) if (!seen.has(id)) faults.push(`event ${id} (${channel}) never came`);
  return faults;
}
