import { eventChannel, eventId, type StatusEvent } from "../../domain/event/status-event.ts";
import type { EventSchema } from "../../gen/belfry/v1/event_pb.ts";
import type { Init } from "./init.ts";
import { toStruct } from "./json.ts";
import { toTimestamp } from "./time.ts";

const EVENT_SOURCE = "/belfry";

export function toEvent(event: StatusEvent): Init<typeof EventSchema> {
  return {
    id: eventId(event),
    source: EVENT_SOURCE,
    subject: event.resourceId,
    type: `belfry.${event.resource}.${event.name}`,
    time: toTimestamp(event.at),
    data: toStruct(event.data),
    channel: eventChannel(event),
  };
}
