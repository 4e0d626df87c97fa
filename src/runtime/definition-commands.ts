import type { SupervisorEvent } from "../actors/supervisor/events.ts";
import type { DefinitionSpec } from "../domain/definition/definition.ts";
import { BelfryError } from "../domain/error.ts";
import { hashText } from "../domain/routing.ts";
import type { Clock } from "../ports/clock.ts";
import type { Ids } from "../ports/ids.ts";
import type { Activation } from "./activation.ts";
import type { CreateDefinition, DefinitionCommands, DefinitionView } from "./api.ts";
import { comparableAction } from "./comparable-action.ts";
import type { Decisions } from "./decisions.ts";
import { supervisorKey } from "./deadlines.ts";
import { fingerprint } from "./fingerprint.ts";
import type { Gate } from "./gate.ts";
import type { Journal } from "./journal.ts";
import { stageNewDefinition } from "./new-definition.ts";
import type { Ownership } from "./ownership.ts";
import { definitionNotFound, shardUnavailable, stateForbids } from "./refusals.ts";
import type { Requests } from "./requests.ts";
import type { Residents, SupervisorResident } from "./residents.ts";
import type { RosterChange } from "./roster-change.ts";
import type { Takes } from "./takes.ts";
import type { Deadlines } from "./deadlines.ts";
import type { Triggers } from "./triggers.ts";

export interface CommandDeps {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly journal: Journal;
  readonly ownership: Ownership;
  readonly residents: Residents;
  readonly deadlines: Deadlines;
  readonly activation: Activation;
  readonly decisions: Decisions;
  readonly requests: Requests;
  readonly gate: Gate;
  readonly takes: Takes;
  readonly rosterChange: RosterChange;
  readonly triggers: Triggers;
}

const TAKES_BEFORE_RESUME = 100_000;

export function definitionCommands(deps: CommandDeps): DefinitionCommands {
  const { clock, ids, journal, ownership, residents, activation, decisions, requests, gate, takes } = deps;

  async function existing(id: string): Promise<SupervisorResident> {
    const resident = await activation.supervisor(id);
    if (resident === null || resident.deleted) {
      throw definitionNotFound(id);
    }
    return resident;
  }

  function viewOf({ definition, supervision, roster }: SupervisorResident): DefinitionView {
    return { definition, supervision: { ...supervision, gated: roster.gated } };
  }

  /** How it stands now. That may have been decided a moment ago: it counts when it is durable. */
  async function durableView(id: string): Promise<DefinitionView> {
    const resident = await existing(id);
    const view = viewOf(resident);
    return journal.committed(resident.shard, () => view);
  }

  /** A command that only changes the state: one event, refused when the state does not list it. */
  function stateCommand<Command extends { readonly requestId?: string }>(
    method: string,
    what: string,
    hint: string,
    eventOf: (command: Command, at: number) => SupervisorEvent,
    before: (resident: SupervisorResident) => Promise<void> = async () => {},
  ): (id: string, command: Command) => Promise<DefinitionView> {
    return (id, command) =>
      gate.pass(() => {
        const repeatable = {
          method,
          requestId: command.requestId,
          shard: activation.shardOf(id),
          fingerprint: command.requestId === undefined ? "" : fingerprint([id, command]),
        };
        return requests.once(
          repeatable,
          async (remember) => {
            const resident = await existing(id);
            await before(resident);
            const outcome = decisions.supervisor(resident, eventOf(command, clock.now()));
            if (outcome.kind === "ignored") {
              throw stateForbids(what, resident.definition.state, hint);
            }
            remember({});
            const view = viewOf(resident);
            return journal.committed(resident.shard, () => view);
          },
          () => durableView(id),
        );
      });
  }

  async function create({ id: wanted, spec, startPaused, requestId, routing }: CreateDefinition) {
    const id = wanted ?? ids.uuid(requestId === undefined || requestId === "" ? routing : hashText(requestId));
    const shard = activation.shardOf(id);
    return requests.once(
      {
        method: "CreateDefinition",
        requestId,
        shard,
        fingerprint: requestId === undefined ? "" : fingerprint([wanted, comparable(spec), startPaused]),
      },
      async (remember) => {
        // Another one with this id may have been made while this one waited.
        if (
          wanted !== undefined &&
          ((await activation.supervisor(wanted)) !== null || residents.supervisors.has(wanted))
        ) {
          throw new BelfryError("ID_TAKEN", `There is a definition "${wanted}" already.`, {
            metadata: { definition_id: wanted },
          });
        }
        if (ownership.open(shard) === null) {
          throw shardUnavailable(shard);
        }
        return decisions.run(() => {
          const resident = stageNewDefinition(deps, { id, shard, spec, startPaused });
          journal.open.announce(shard, {
            resource: "definition",
            resourceId: id,
            name: "created",
            at: resident.definition.createdAt,
            data: { name: spec.name, userId: spec.userId },
          });
          if (resident.definition.state === "COMPLETED") {
            journal.open.announce(shard, {
              resource: "definition",
              resourceId: id,
              name: "completed",
              at: resident.definition.createdAt,
              data: { name: spec.name },
            });
          }
          const instance = takes.takeDue(resident)?.record ?? null;
          remember({ definitionId: id, ...(instance === null ? {} : { instanceId: instance.id }) });
          const view = { ...viewOf(resident), instance };
          return journal.committed(shard, () => view);
        });
      },
      async ({ definitionId, instanceId }) => {
        const instance = instanceId === undefined ? null : ((await activation.instance(instanceId))?.record ?? null);
        return { ...(await durableView(definitionId ?? id)), instance };
      },
    );
  }

  /** The spec that a change makes of the current one. */
  function changedSpec(
    { definition }: SupervisorResident,
    change: (spec: DefinitionSpec, revision: number) => DefinitionSpec,
  ): { from: DefinitionSpec; spec: DefinitionSpec } {
    const from = definition.spec;
    const wanted = change(from, definition.revision);
    const { schedule } = wanted;
    return {
      from,
      spec: Number.isNaN(schedule.anchorAt) ? { ...wanted, schedule: { ...schedule, anchorAt: clock.now() } } : wanted,
    };
  }

  return {
    create: (command) => gate.pass(() => create(command)),
    update: (id, { etag, change, asked, reason, requestId }) =>
      gate.pass(() =>
        requests.once(
          {
            method: "UpdateDefinition",
            requestId,
            shard: activation.shardOf(id),
            fingerprint: requestId === undefined ? "" : fingerprint([id, etag, asked]),
          },
          async (remember) => {
            const resident = await existing(id);
            requireEtag(resident, etag);
            let changed = changedSpec(resident, change);
            let roster = await deps.rosterChange.prepare(resident, changed.spec);
            // What another update changed while this one waited is not undone.
            while (
              changed.from !== resident.definition.spec ||
              deps.rosterChange.isOld(roster, resident, changed.spec)
            ) {
              changed = changedSpec(resident, change);
              roster = await deps.rosterChange.prepare(resident, changed.spec);
            }
            requireEtag(resident, etag);
            const { spec } = changed;
            const why = reason === undefined ? {} : { reason };
            return decisions.run(() => {
              const outcome = decisions.supervisor(resident, { type: "UPDATE", at: clock.now(), spec, ...why });
              if (outcome.kind === "ignored") {
                throw stateForbids("The definition cannot be changed", resident.definition.state, "");
              }
              deps.rosterChange.apply(resident, roster);
              remember({});
              const view = viewOf(resident);
              return journal.committed(resident.shard, () => view);
            });
          },
          () => durableView(id),
        ),
      ),
    delete: (id, { etag, requestId }) =>
      gate.pass(() =>
        requests.once(
          {
            method: "DeleteDefinition",
            requestId,
            shard: activation.shardOf(id),
            fingerprint: requestId === undefined ? "" : fingerprint([id, etag]),
          },
          async (remember) => {
            const resident = await existing(id);
            decisions.requireCurrent(resident);
            requireEtag(resident, etag);
            const { active } = resident.supervision.counters;
            if (active > 0) {
              throw stateForbids(
                `The definition has ${active} unfinished instances`,
                resident.definition.state,
                "Cancel it with cancel_running, and delete it when they have ended.",
              );
            }
            // Rows of it that are staged go first: the batch that deletes it names it only once.
            journal.cut();
            resident.deleted = true;
            deps.deadlines.set(supervisorKey(id), null);
            journal.open.decisions++;
            journal.open.deleteDefinition(id, resident.shard);
            journal.open.announce(resident.shard, {
              resource: "definition",
              resourceId: id,
              name: "deleted",
              at: clock.now(),
              data: { name: resident.definition.spec.name },
            });
            remember({});
            return journal.committed(resident.shard, () => {
              residents.supervisors.delete(id);
            });
          },
          async () => {},
        ),
      ),
    pause: stateCommand(
      "PauseDefinition",
      "The definition cannot be paused",
      "Only an ACTIVE or PAUSED one can.",
      ({ reason }: { reason: string; requestId?: string }, at) => ({ type: "PAUSE", at, reason }),
    ),
    resume: stateCommand(
      "ResumeDefinition",
      "The definition cannot be resumed",
      "Only a PAUSED one can.",
      (_: { requestId?: string }, at) => ({ type: "RESUME", at }),
      async (resident) => {
        // What fell due while it was paused is recorded as such before it fires again.
        for (let taken = 0; taken < TAKES_BEFORE_RESUME && takes.isDue(resident); taken++) {
          takes.takeDue(resident);
          await journal.barrier();
        }
      },
    ),
    cancel: stateCommand(
      "CancelDefinition",
      "The definition cannot be cancelled",
      "It is cancelled already.",
      (
        {
          reason,
          cancelRunning,
          terminate,
        }: { reason: string; cancelRunning: boolean; terminate: boolean; requestId?: string },
        at,
      ) => ({
        type: "CANCEL",
        at,
        reason,
        cancelRunning,
        terminate,
      }),
    ),
    trigger: (id, command) => gate.pass(() => deps.triggers.trigger(id, command)),
    batchTrigger: (id, command) => gate.pass(() => deps.triggers.batch(id, command)),
    backfill: (id, command) => gate.pass(() => deps.triggers.backfill(id, command)),
  };
}

/** A spec as it is compared with that of an earlier request under the same id. */
function comparable(spec: DefinitionSpec): DefinitionSpec {
  return { ...spec, action: comparableAction(spec.action) };
}

function requireEtag(resident: SupervisorResident, etag: string | undefined): void {
  const current = String(resident.definition.revision);
  if (etag !== undefined && etag !== "" && etag !== current) {
    throw new BelfryError(
      "ETAG_MISMATCH",
      "The definition has changed since you read it. Read it again and decide anew.",
      { metadata: { etag: current } },
    );
  }
}
