/**
 * Where actors decide. Each method is synchronous: it takes a message to an actor in memory, stages what the decision changes in the journal's
 * open batch, and follows its effects to other actors of the shard at once, so that an instance and its supervisor change in one commit.
 * What reaches the outside (assignments, signals) is left with the journal until the commit.
 */
import { createInstance } from "../actors/instance/decide.ts";
import type { InstanceDecision } from "../actors/instance/decide.ts";
import { nextDeadline } from "../actors/instance/deadline.ts";
import type { InstanceEffect } from "../actors/instance/effects.ts";
import type { InstanceEvent } from "../actors/instance/events.ts";
import type { SupervisorEffect } from "../actors/supervisor/effects.ts";
import type { SupervisorEvent } from "../actors/supervisor/events.ts";
import { supersededBy } from "../actors/supervisor/superseding.ts";
import { nextLookAt } from "../actors/supervisor/due.ts";
import type { FinalState } from "../domain/instance/instance.ts";
import { isFinal } from "../domain/instance/instance.ts";
import type { Clock } from "../ports/clock.ts";
import type { Random } from "../ports/random.ts";
import type { ActorLogic } from "./actor-logic.ts";
import type { Deadlines } from "./deadlines.ts";
import { instanceKey, supervisorKey } from "./deadlines.ts";
import type { ExecutorPort, FollowUps, SupervisorOutcome } from "./decision-effects.ts";
import { instanceEvents } from "./decision-effects.ts";
import type { Journal } from "./journal.ts";
import { newerOf } from "./holders.ts";
import { afterWaiting, madeFor, withoutInstance } from "./ledger.ts";
import type { Ownership } from "./ownership.ts";
import { definitionNotFound, refusalOf, shardUnavailable } from "./refusals.ts";
import type { InstanceResident, Residents, SupervisorResident } from "./residents.ts";
import { instanceResident } from "./residents.ts";
import { isTracked, memberOf } from "./rosters.ts";

export class Decisions {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #journal: Journal;
  readonly #ownership: Ownership;
  readonly #residents: Residents;
  readonly #deadlines: Deadlines;
  readonly #executor: ExecutorPort;
  readonly #followUps: FollowUps;
  readonly #actors: ActorLogic;
  #depth = 0;
  /** Decisions that follow from the one under way: that one has found its shard to be ours, and nothing of it may be left out. */
  #following = 0;

  constructor(deps: {
    clock: Clock;
    random: Random;
    journal: Journal;
    ownership: Ownership;
    residents: Residents;
    deadlines: Deadlines;
    executor: ExecutorPort;
    followUps: FollowUps;
    actors: ActorLogic;
  }) {
    this.#clock = deps.clock;
    this.#random = deps.random;
    this.#journal = deps.journal;
    this.#ownership = deps.ownership;
    this.#residents = deps.residents;
    this.#deadlines = deps.deadlines;
    this.#executor = deps.executor;
    this.#followUps = deps.followUps;
    this.#actors = deps.actors;
  }

  /** Runs decisions as one: what waits for workers is paired with free slots at the end, once. */
  run<Value>(decide: () => Value): Value {
    this.#depth++;
    try {
      const value = decide();
      if (this.#depth === 1) {
        this.#executor.settle();
      }
      return value;
    } finally {
      this.#depth--;
      if (this.#depth === 0) {
        this.#journal.kick();
      }
    }
  }

  chance(): number {
    return this.#random.fraction();
  }

  /** @returns whether the instance's state allowed it. */
  instance(resident: InstanceResident, event: InstanceEvent): boolean {
    return this.run(() => {
      this.requireCurrent(resident);
      const decision = this.#actors.decideInstance(resident.record, event);
      if (!decision.accepted) {
        return false;
      }
      if (isFinal(decision.record.state) && this.#journal.open.revives(resident)) {
        // Its row is about to move back: it moves again in the commit after that.
        this.#journal.cut();
      }
      const token = resident.record.life.attempt?.token;
      const before = resident.record;
      resident.record = decision.record;
      const dropped = afterWaiting(before, "DROPPED", "ended while it waited for others to end", event.at);
      if (dropped !== null && isFinal(decision.record.state)) {
        this.#journal.open.occurrence(dropped);
      }
      this.#stage(resident, isFinal(before.state));
      this.#follow(resident, decision, event.at, isFinal(before.state) ? before.state : null);
      if (token !== undefined && resident.record.life.attempt?.token !== token) {
        this.#executor.release(token);
        this.#giveWay(resident, event.at);
      }
      return true;
    });
  }

  /** One that waits again gives its place to a newer one that was triggered while it ran. */
  #giveWay(resident: InstanceResident, at: number): void {
    const newer = isFinal(resident.record.state) ? null : newerOf(resident);
    if (newer !== null) {
      const why = supersededBy(newer, resident.record.spec.supersedeKey ?? "");
      this.instance(resident, { type: "TERMINATE", at, ...why });
    }
  }

  /** A deadline of this instance may have passed. */
  wakeInstance(resident: InstanceResident): void {
    const at = this.#clock.now();
    this.instance(resident, {
      type: "WAKE",
      at,
      chance: this.chance(),
      heartbeatFloor: this.#heartbeatFloor(resident.shard),
    });
    this.arm(resident);
  }

  supervisor(resident: SupervisorResident, event: SupervisorEvent): SupervisorOutcome {
    return this.run(() => {
      this.requireCurrent(resident);
      const decision = this.#actors.decideSupervisor(resident.definition, resident.supervision, event);
      if (!decision.accepted) {
        return { kind: "ignored" };
      }
      this.#prepareReplacing(resident, decision.effects);
      const definitionChanged = decision.definition !== resident.definition;
      if (definitionChanged || decision.supervision !== resident.supervision) {
        resident.definition = decision.definition;
        resident.supervision = decision.supervision;
        this.#stageSupervisor(resident, definitionChanged);
      }
      return this.#followSupervisor(resident, decision.effects, event.at);
    });
  }

  /** Takes an instance that its supervisor lets go. Of a cancelled definition nobody goes: they are called off. */
  release(resident: InstanceResident): void {
    const goes = resident.supervisor?.definition.state !== "CANCELLED";
    const at = this.#clock.now();
    const fired = afterWaiting(resident.record, "FIRED", "waited for others to end", at);
    if (goes && this.instance(resident, { type: "RELEASE", at }) && fired !== null) {
      this.#journal.open.occurrence(fired);
    }
  }

  /** Lets go those whose turn came. */
  releaseAll(supervisor: SupervisorResident, ids: readonly string[]): void {
    for (const id of ids) {
      const resident = this.#residents.instances.get(id);
      if (resident === undefined) {
        supervisor.releasing++;
        this.#followUps.releaseLater(supervisor, id);
      } else {
        this.release(resident);
      }
    }
  }

  /** Sets the timer of an actor to what it has to do next. */
  arm(resident: InstanceResident | SupervisorResident): void {
    if (resident.kind === "instance") {
      const { state, life, spec } = resident.record;
      resident.deadline = nextDeadline(state, life, spec, this.#heartbeatFloor(resident.shard));
      resident.deadlineAt = resident.deadline?.at ?? null;
      this.#deadlines.set(instanceKey(resident.id), resident.deadlineAt);
    } else {
      const { id, definition, supervision } = resident;
      const looks = definition.state === "ACTIVE" || definition.state === "PAUSED";
      resident.deadlineAt = looks ? nextLookAt({ id, spec: definition.spec, supervision }) : null;
      this.#deadlines.set(supervisorKey(id), resident.deadlineAt);
    }
  }

  /** Stages a supervisor whose supervision was changed by the runtime itself. */
  touchSupervisor(resident: SupervisorResident): void {
    if (!resident.deleted) {
      this.run(() => this.#stageSupervisor(resident, false));
    }
  }

  /** An actor decides only in its one activation, while its shard is this node's. Throws SHARD_UNAVAILABLE otherwise. */
  requireCurrent(resident: InstanceResident | SupervisorResident): void {
    if (this.#following > 0) {
      return;
    }
    const { id, shard } = resident;
    if (resident.kind === "supervisor" && resident.deleted) {
      throw definitionNotFound(id);
    }
    const current =
      resident.kind === "supervisor" ? this.#residents.supervisors.get(id) : this.#residents.instances.get(id);
    if (current !== resident || this.#ownership.open(shard) === null) {
      throw shardUnavailable(shard);
    }
  }

  /** A holder of a unique key that gives way ends in the same commit, so it must be in memory, and its row where it can move from. */
  #prepareReplacing({ shard }: SupervisorResident, effects: readonly SupervisorEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === "replace") {
        const holder = this.#residents.instances.get(effect.instanceId);
        if (holder === undefined) {
          throw shardUnavailable(shard);
        }
        if (this.#journal.open.revives(holder)) {
          this.#journal.cut();
        }
      }
    }
  }

  #heartbeatFloor(shard: number): number {
    return this.#ownership.claim(shard)?.acquiredAt ?? 0;
  }

  #stage(resident: InstanceResident, wasFinal: boolean): void {
    const { open } = this.#journal;
    open.decisions++;
    resident.usedAt = this.#clock.monotonic();
    open.instance(resident, isFinal(resident.record.state) ? (wasFinal ? "amended" : "finished") : "changed");
    this.arm(resident);
  }

  #stageSupervisor(resident: SupervisorResident, definition: boolean): void {
    const { open } = this.#journal;
    open.decisions++;
    resident.usedAt = this.#clock.monotonic();
    open.supervisor(resident, { definition });
    this.arm(resident);
  }

  #follow(resident: InstanceResident, { effects }: InstanceDecision, at: number, revivedFrom: FinalState | null): void {
    this.#following++;
    try {
      for (const effect of effects) {
        this.#carryOut(resident, effect, at, revivedFrom);
      }
    } finally {
      this.#following--;
    }
  }

  #carryOut(resident: InstanceResident, effect: InstanceEffect, at: number, revivedFrom: FinalState | null): void {
    const { open } = this.#journal;
    const { id, shard } = resident;
    switch (effect.kind) {
      case "offer":
        this.#executor.offer(resident);
        break;
      case "withdraw":
        this.#executor.withdraw(resident);
        break;
      case "dispatch":
        this.#executor.dispatch(resident);
        break;
      case "signal":
        this.#executor.signal(resident, effect);
        break;
      case "handedOn":
        this.#executor.release(effect.token);
        break;
      case "record":
        open.attempt({ ...effect.attempt, instanceId: id, shard });
        break;
      case "announce":
        for (const announcement of instanceEvents(resident, effect, at)) {
          open.announce(shard, announcement);
        }
        break;
      case "ended":
        this.#ended(resident, effect.state, at);
        break;
      case "revived":
        open.instance(resident, "revived");
        if (resident.supervisor !== null && revivedFrom !== null) {
          this.supervisor(resident.supervisor, { type: "REVIVED", at, from: revivedFrom });
        }
        break;
      case "amended":
      case "touched":
        break;
      default:
        effect satisfies never;
    }
  }

  #ended(resident: InstanceResident, state: FinalState, at: number): void {
    this.#deadlines.set(instanceKey(resident.id), null);
    const { supervisor } = resident;
    if (supervisor !== null) {
      const released = supervisor.roster.remove(resident.id);
      this.supervisor(supervisor, { type: "ENDED", at, state });
      this.releaseAll(supervisor, released);
    }
  }

  #followSupervisor(resident: SupervisorResident, effects: readonly SupervisorEffect[], at: number): SupervisorOutcome {
    this.#following++;
    try {
      return this.#carryOutAll(resident, effects, at);
    } finally {
      this.#following--;
    }
  }

  #carryOutAll(resident: SupervisorResident, effects: readonly SupervisorEffect[], at: number): SupervisorOutcome {
    const { open } = this.#journal;
    const { id, shard } = resident;
    let outcome: SupervisorOutcome = { kind: "done", spawned: null };
    for (const effect of effects) {
      switch (effect.kind) {
        case "spawn":
          outcome = { kind: "done", spawned: this.#spawn(resident, effect, at) };
          break;
        case "ledger":
          open.occurrence(withoutInstance(id, shard, effect, at));
          break;
        case "cancelOthers":
          this.#followUps.callOff(resident);
          break;
        case "replace": {
          const holder = this.#residents.instances.get(effect.instanceId);
          if (holder !== undefined) {
            const { reason, error } = effect;
            this.instance(holder, { type: "TERMINATE", at, reason, ...(error === undefined ? {} : { error }) });
          }
          break;
        }
        case "existing":
          outcome = { kind: "existing", instanceId: effect.instanceId };
          break;
        case "refuse":
          outcome = { kind: "refused", error: refusalOf(effect) };
          break;
        case "announce":
          open.announce(shard, {
            resource: "definition",
            resourceId: id,
            name: effect.name,
            at,
            data: { name: resident.definition.spec.name, ...effect.data },
          });
          break;
        case "touched":
          break;
        default:
          effect satisfies never;
      }
    }
    return outcome;
  }

  #spawn(
    supervisor: SupervisorResident,
    { instanceId, spec, exclusive, reason }: Extract<SupervisorEffect, { kind: "spawn" }>,
    at: number,
  ): InstanceResident {
    const { shard } = supervisor;
    const gate = isTracked(supervisor.definition.spec, spec)
      ? supervisor.roster.add(memberOf(instanceId, spec, exclusive))
      : null;
    const decision = createInstance({ id: instanceId, shard, at }, spec, gate);
    const resident = instanceResident(decision.record, supervisor, this.#clock.monotonic());
    this.#residents.addInstance(resident);
    this.#journal.open.decisions++;
    this.#journal.open.instance(resident, "created");
    this.arm(resident);
    const occurrence = madeFor(decision.record, reason, at);
    if (occurrence !== null) {
      this.#journal.open.occurrence(occurrence);
    }
    this.#follow(resident, decision, at, null);
    return resident;
  }
}
