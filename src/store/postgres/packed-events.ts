import type { EventResource, StatusEvent } from "../../domain/event/status-event.ts";
import type { JsonObject } from "../../domain/json.ts";

/**
 * Events of a shard that were committed together are one row: a row costs more than what it holds, and the log is written with every commit
 * and read rarely. Sequences have no gaps, so the first one says the others.
 */
export interface PackedEvents {
  readonly shard: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly events: readonly PackedEvent[];
}

export type PackedEvent = readonly [
  resource: EventResource,
  resourceId: string,
  name: string,
  at: number,
  data: JsonObject,
];

/**
 * One pack per shard.
 * @throws RangeError when the sequences of a shard leave a gap: a bug of the writer that would corrupt the log.
 */
export function packEvents(events: readonly StatusEvent[]): PackedEvents[] {
  const packs = new Map<
    number,
    { shard: number; firstSequence: number; lastSequence: number; events: PackedEvent[] }
  >();
  for (const { shard, sequence, resource, resourceId, name, at, data } of events) {
    let pack = packs.get(shard);
    if (pack === undefined) {
      pack = { shard, firstSequence: sequence, lastSequence: sequence - 1, events: [] };
      packs.set(shard, pack);
    }
    if (sequence !== pack.lastSequence + 1) {
      throw new RangeError(`Event ${sequence} of shard ${shard} follows event ${pack.lastSequence}`);
    }
    pack.lastSequence = sequence;
    pack.events.push([resource, resourceId, name, at, data]);
  }
  return [...packs.values()];
}

/** The events of a pack whose sequence is greater than `after`. */
export function unpackEvents(pack: PackedEvents, after: number): StatusEvent[] {
  const skipped = Math.max(0, after + 1 - pack.firstSequence);
  return pack.events.slice(skipped).map(([resource, resourceId, name, at, data], index) => ({
    shard: pack.shard,
    sequence: pack.firstSequence + skipped + index,
    resource,
    resourceId,
    name,
    at,
    data,
  }));
}
