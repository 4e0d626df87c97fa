/** Which instances a definition's roster must know, and how it is rebuilt from the store. */
import type { Load } from "../actors/supervisor/events.ts";
import type { Gate, Member } from "../actors/supervisor/roster.ts";
import { Roster } from "../actors/supervisor/roster.ts";
import type { DefinitionSpec } from "../domain/definition/definition.ts";
import type { InstanceRecord, InstanceSpec } from "../domain/instance/instance.ts";
import type { SupervisorResident } from "./residents.ts";

/** Whether every unfinished instance of the definition must be known: when they limit each other. */
export function tracksAll(spec: DefinitionSpec): boolean {
  return spec.overlapPolicy !== "ALLOW_ALL" || spec.maxConcurrent > 0;
}

/** Whether this instance must be known: an instance without keys of a definition without limits is only counted. */
export function isTracked(definition: DefinitionSpec, spec: InstanceSpec): boolean {
  return (
    tracksAll(definition) ||
    spec.uniqueKey !== "" ||
    spec.orderingKey !== "" ||
    (spec.supersedeKey ?? "") !== "" ||
    spec.concurrency !== null
  );
}

export function memberOf(
  id: string,
  { uniqueKey, orderingKey, supersedeKey = "", concurrency }: InstanceSpec,
  exclusive: boolean,
): Member {
  return { id, uniqueKey, orderingKey, supersedeKey, concurrency, exclusive };
}

/**
 * Rebuilds a roster from the definition's unfinished instances, oldest first.
 * @returns also those that waited and need not any more: they are to be released.
 */
export function restoreRoster(
  spec: DefinitionSpec,
  unfinished: readonly InstanceRecord[],
): { readonly roster: Roster; readonly released: readonly string[] } {
  const roster = new Roster(maxConcurrentOf(spec));
  const gates = unfinished.map((record) => ({ record, gate: gateOf(record) }));
  for (const { record, gate } of gates) {
    if (gate === null) {
      roster.restoreAdmitted(memberOf(record.id, record.spec, false));
    }
  }
  const released: string[] = [];
  for (const { record, gate } of gates) {
    if (gate !== null) {
      const member = memberOf(record.id, record.spec, gate === "BUFFERED");
      if (roster.add({ ...member, exclusive: waitsForIdle(spec, member) }) === null) {
        released.push(record.id);
      }
    }
  }
  return { roster, released };
}

/**
 * Whether one that waits may not run beside others of its definition, whose policy may have changed since it began to wait: without overlap
 * those that waited for each other wait until the definition is idle; with it nobody does.
 */
export function waitsForIdle(
  { overlapPolicy }: DefinitionSpec,
  { exclusive, orderingKey, concurrency }: Member,
): boolean {
  return overlapPolicy !== "ALLOW_ALL" && (exclusive || (orderingKey === "" && concurrency === null));
}

export function maxConcurrentOf(spec: DefinitionSpec): number {
  return spec.overlapPolicy === "ALLOW_ALL" ? spec.maxConcurrent : 0;
}

/** What an unfinished instance waits for among its own kind. */
export function gateOf({ life }: InstanceRecord): Gate | null {
  const reason = life.paused === null ? life.waitingReason : life.paused.reason;
  return reason === "CONCURRENCY" || reason === "BUFFERED" ? reason : null;
}

/** How full a definition is right now. */
export function loadOf({ supervision, roster }: SupervisorResident): Load {
  return { active: supervision.counters.active, buffered: roster.buffered };
}
