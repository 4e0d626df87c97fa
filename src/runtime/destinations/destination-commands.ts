/** Commands on destinations of this node's shards, and the dispatches that go to them. */
import { allowanceOf } from "../../actors/destination/allowance.ts";
import type { DestinationEvent } from "../../actors/destination/events.ts";
import { dispatchDefinition } from "../../domain/webhook/dispatch-definition.ts";
import { dispatchDefinitionId } from "../../domain/webhook/origin.ts";
import type { DestinationRecord } from "../../domain/webhook/destination.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Ids } from "../../ports/ids.ts";
import type { DestinationCommands, DestinationView, DispatchCommands } from "../api.ts";
import { fingerprint } from "../fingerprint.ts";
import type { Gate } from "../gate.ts";
import type { Journal } from "../journal.ts";
import { breakerOpen, destinationDisabled, etagMismatch } from "../refusals.ts";
import type { Requests } from "../requests.ts";
import type { SystemDefinitions } from "../system-definitions.ts";
import type { Triggers } from "../triggers.ts";
import type { DestinationResident, Destinations } from "./destination-kind.ts";

interface CommandDeps {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly journal: Journal;
  readonly requests: Requests;
  readonly gate: Gate;
  readonly destinations: Destinations;
}

export function destinationCommands({
  clock,
  ids,
  journal,
  requests,
  gate,
  destinations,
}: CommandDeps): DestinationCommands {
  /** How it stands now, when that is durable. */
  function durableView(resident: DestinationResident): Promise<DestinationView> {
    const view = destinations.viewOf(resident);
    return journal.committed(resident.shard, () => view);
  }

  function command<Given extends { readonly requestId?: string }>(
    method: string,
    eventOf: (given: Given, record: DestinationRecord) => DestinationEvent,
  ): (origin: string, given: Given) => Promise<DestinationView> {
    return (origin, given) =>
      gate.pass(async () => {
        const resident = await destinations.bring(origin);
        return requests.once(
          {
            method,
            requestId: given.requestId,
            shard: resident.shard,
            // A secret is sealed differently each time.
            fingerprint: given.requestId === undefined ? "" : fingerprint([origin, { ...given, sealed: undefined }]),
          },
          async (remember) => {
            destinations.decide(resident, eventOf(given, resident.record));
            remember({});
            return durableView(resident);
          },
          () => durableView(resident),
        );
      });
  }

  return {
    get: (origin) => gate.pass(async () => durableView(await destinations.bring(origin))),
    update: command("UpdateDestination", ({ etag, change }, { revision }) => {
      if (etag !== undefined && etag !== String(revision)) {
        throw etagMismatch(String(revision));
      }
      return { type: "UPDATE", at: clock.now(), change };
    }),
    reset: command("ResetDestination", () => ({ type: "RESET", at: clock.now() })),
    isolate: command("IsolateDestination", ({ reason }) => ({ type: "ISOLATE", at: clock.now(), reason })),
    rotateSecret: command("RotateSecret", ({ sealed, overlapMs }) => ({
      type: "ROTATE_SECRET",
      at: clock.now(),
      id: ids.uuid(),
      sealed,
      overlapMs,
    })),
  };
}

export function dispatchCommands({
  clock,
  gate,
  destinations,
  systemDefinitions,
  triggers,
}: Pick<CommandDeps, "clock" | "gate" | "destinations"> & {
  readonly systemDefinitions: SystemDefinitions;
  readonly triggers: Triggers;
}): DispatchCommands {
  return {
    create: (origin, { failFast, ...item }) =>
      gate.pass(async () => {
        const id = dispatchDefinitionId(origin);
        const [destination] = await Promise.all([
          destinations.bring(origin),
          systemDefinitions.ensure(id, () => dispatchDefinition(origin)),
        ]);
        return triggers.trigger(id, {
          ...item,
          ignoreOverlap: true,
          before: () => requireOpen(destination.record, failFast, clock.now()),
        });
      }),
  };
}

/** Not asked of a repetition: it gets its first answer. */
function requireOpen(record: DestinationRecord, failFast: boolean, at: number): void {
  const { origin, disabled } = record;
  if (disabled !== null) {
    throw destinationDisabled(origin, disabled.reason);
  }
  const allowance = allowanceOf(record, at);
  if (failFast && allowance.kind !== "open") {
    const untilMs = allowance.kind === "shut" && allowance.until !== null ? allowance.until - at : undefined;
    throw breakerOpen(origin, record.breaker.reason, untilMs);
  }
}
