import type { InstanceEvent } from "../actors/instance/events.ts";
import { isExecutionDefinition } from "../domain/execution/execution-definition.ts";
import type { InstanceRecord, WaitingReason } from "../domain/instance/instance.ts";
import { isFinal } from "../domain/instance/instance.ts";
import type { InstanceCommands } from "./api.ts";
import type { CommandDeps } from "./definition-commands.ts";
import { fingerprint } from "./fingerprint.ts";
import { definitionNotFound, instanceNotFound, refusalOf, stateForbids } from "./refusals.ts";
import type { InstanceResident, SupervisorResident } from "./residents.ts";
import { isTracked, memberOf } from "./rosters.ts";

export function instanceCommands({
  clock,
  journal,
  activation,
  decisions,
  requests,
  gate,
}: CommandDeps): InstanceCommands {
  async function existing(id: string): Promise<InstanceResident> {
    const resident = await activation.instance(id);
    if (resident === null) {
      throw instanceNotFound(id);
    }
    return resident;
  }

  function command<Command extends { readonly requestId?: string }>(
    method: string,
    carryOut: (resident: InstanceResident, command: Command) => void,
  ): (id: string, command: Command) => Promise<InstanceRecord> {
    return (id, given) =>
      gate.pass(() =>
        requests.once(
          {
            method,
            requestId: given.requestId,
            shard: activation.shardOf(id),
            fingerprint: given.requestId === undefined ? "" : fingerprint([id, given]),
          },
          async (remember) => {
            const resident = await existing(id);
            decisions.requireCurrent(resident);
            decisions.run(() => carryOut(resident, given));
            remember({});
            const { record } = resident;
            return journal.committed(resident.shard, () => record);
          },
          // What it is now may have been decided a moment ago: it counts when it is durable.
          async () => {
            const { shard, record } = await existing(id);
            return journal.committed(shard, () => record);
          },
        ),
      );
  }

  function decide(resident: InstanceResident, event: InstanceEvent, what: string, hint: string): void {
    if (!decisions.instance(resident, event)) {
      throw stateForbids(what, resident.record.state, hint);
    }
  }

  return {
    cancel: command(
      "CancelInstance",
      (resident, { reason, terminate }: { reason: string; terminate: boolean; requestId?: string }) => {
        if (resident.record.state !== "CANCELLED") {
          const type = terminate ? "TERMINATE" : "CANCEL";
          decide(
            resident,
            { type, at: clock.now(), reason },
            "The instance cannot be cancelled",
            "It has ended already.",
          );
        }
      },
    ),
    retry: command("RetryInstance", (resident) => {
      if (!isFinal(resident.record.state)) {
        throw stateForbids("The instance cannot be retried", resident.record.state, "Only one that has ended can.");
      }
      const { supervisor } = resident;
      const { definitionId } = resident.record.spec;
      if (isExecutionDefinition(definitionId ?? "")) {
        const hint = "It runs elsewhere: start it anew there, and register that run under an id of its own.";
        throw stateForbids("The execution cannot be retried", resident.record.state, hint);
      }
      if (definitionId !== null && (supervisor === null || supervisor.deleted)) {
        // It has outlived its definition, which would have to count it.
        throw definitionNotFound(definitionId);
      }
      const waitsFor = supervisor === null ? null : rejoin(resident, supervisor);
      decide(resident, { type: "RETRY", at: clock.now(), gate: waitsFor }, "The instance cannot be retried", "");
    }),
    pause: command("PauseInstance", (resident, { reason }: { reason: string; requestId?: string }) => {
      if (resident.record.state !== "PAUSED") {
        decide(
          resident,
          { type: "PAUSE", at: clock.now(), reason },
          "The instance cannot be paused",
          "It has ended, or is being cancelled.",
        );
      }
    }),
    resume: command("ResumeInstance", (resident) => {
      decide(resident, { type: "RESUME", at: clock.now() }, "The instance cannot be resumed", "Only a PAUSED one can.");
    }),
  };

  /** A finished instance counts among its definition's unfinished ones again. @returns what it must wait for. */
  function rejoin(resident: InstanceResident, supervisor: SupervisorResident): WaitingReason | null {
    const { spec } = resident.record;
    const { definition, roster } = supervisor;
    if (definition.state === "CANCELLED") {
      throw stateForbids(
        "The instance cannot be retried: its definition is ended for good",
        "CANCELLED",
        "Create a new definition.",
      );
    }
    const holder = spec.uniqueKey === "" ? null : roster.uniqueHolder(spec.uniqueKey);
    if (holder !== null) {
      const message = `Not retried: an unfinished instance has its unique key "${spec.uniqueKey}": ${holder}.`;
      throw refusalOf({ reason: "UNIQUE_KEY_TAKEN", message, instanceId: holder });
    }
    return isTracked(definition.spec, spec)
      ? roster.add(memberOf(resident.id, spec, definition.spec.overlapPolicy !== "ALLOW_ALL"))
      : null;
  }
}
