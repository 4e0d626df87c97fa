import type { JsonObject } from "../json.ts";

export type EventResource =
  | "definition"
  | "instance"
  | "destination"
  | "platform"
  | "session"
  | "push"
  | "config"
  | "lock";

/** Something that happened to a resource, before it has its place in the log. */
export interface Announcement {
  readonly resource: EventResource;
  readonly resourceId: string;
  /** Past tense, snake_case: `created`, `cancel_requested`. */
  readonly name: string;
  readonly at: number;
  readonly data: JsonObject;
}

/** An event of the log: unique by (shard, sequence), without gaps in a shard. */
export interface StatusEvent extends Announcement {
  readonly shard: number;
  /** Counts from 1 in each shard. */
  readonly sequence: number;
}

/** The event's stable id, the same wherever it is read. */
export function eventId(event: StatusEvent): string {
  return `${event.shard}-${event.sequence}`;
}

/** The NATS subject the event is published on. Characters that a subject part cannot hold are replaced by `_`. */
export function eventChannel(event: Announcement): string {
  return `belfry.events.${event.resource}.${event.resourceId.replaceAll(/[\s.*>]/g, "_")}.${event.name}`;
}
