/** A definition told event by event. */
import { decideSupervisor } from "../../../../src/actors/supervisor/decide.ts";
import type { SupervisorDecision } from "../../../../src/actors/supervisor/decide.ts";
import type { Overrides, Superseded, SupervisorEvent } from "../../../../src/actors/supervisor/events.ts";
import type { SupervisorEffect } from "../../../../src/actors/supervisor/effects.ts";
import { newSupervision, nextLookAt } from "../../../../src/actors/supervisor/due.ts";
import type { DefinitionRecord, DefinitionSpec } from "../../../../src/domain/definition/definition.ts";
import type { Supervision } from "../../../../src/domain/definition/supervision.ts";
import type { FinalState } from "../../../../src/domain/instance/instance.ts";
import type { Schedule } from "../../../../src/domain/schedule/schedule.ts";
import { MANUAL_START_AT } from "../../../support/manual-clock.ts";
import { aDefinition, aSchedule } from "../../../support/records.ts";

/** Second 0 of every definition below. */
export const T0 = MANUAL_START_AT;

/** Due every 10 s, at first at second 10. */
export function everyTenSeconds(given: Partial<Schedule> = {}): Schedule {
  return aSchedule({ timing: { kind: "every", intervalMs: 10_000, fixedDelay: false }, ...given });
}

export function fixedDelay(given: Partial<Schedule> = {}): Schedule {
  return aSchedule({ timing: { kind: "every", intervalMs: 10_000, fixedDelay: true }, ...given });
}

export class Told {
  definition: DefinitionRecord;
  supervision: Supervision;
  last: SupervisorDecision;
  /** Who of its instances waits until it is idle; the runtime reads this off its roster. */
  buffered = 0;
  #ids = 0;

  constructor(given: Partial<DefinitionSpec> = {}, state: DefinitionRecord["state"] = "ACTIVE") {
    this.definition = aDefinition({ state, spec: { schedule: everyTenSeconds(), ...given } });
    this.supervision = newSupervision(this.definition.spec.schedule, T0);
    this.last = { accepted: false, definition: this.definition, supervision: this.supervision, effects: [] };
  }

  when(event: SupervisorEvent): this {
    this.last = decideSupervisor(this.definition, this.supervision, event);
    this.definition = this.last.definition;
    this.supervision = this.last.supervision;
    return this;
  }

  get #load() {
    return { active: this.supervision.counters.active, buffered: this.buffered };
  }

  take(s: number): this {
    return this.when({ type: "TAKE", at: T0 + s * 1000, instanceId: `i${++this.#ids}`, load: this.#load });
  }

  /** Takes all that is due at second `s`, one after the other. @returns what became of each due time, in seconds. */
  takeAll(s: number): readonly string[] {
    const told: string[] = [];
    for (this.take(s); this.last.accepted; this.take(s)) {
      told.push(...this.outcomes);
    }
    return told;
  }

  trigger(
    s = 0,
    {
      overrides = {},
      ignoreOverlap = false,
      uniqueHolder = null,
      superseded = [],
    }: {
      overrides?: Overrides;
      ignoreOverlap?: boolean;
      uniqueHolder?: string | null;
      superseded?: readonly Superseded[];
    } = {},
  ): this {
    return this.when({
      type: "TRIGGER",
      at: T0 + s * 1000,
      instanceId: `i${++this.#ids}`,
      load: this.#load,
      overrides,
      ignoreOverlap,
      uniqueHolder,
      superseded,
    });
  }

  backfill(s: number, dueAtS: number): this {
    return this.when({
      type: "BACKFILL",
      at: T0 + s * 1000,
      instanceId: `i${++this.#ids}`,
      load: this.#load,
      dueAt: T0 + dueAtS * 1000,
    });
  }

  ended(s: number, state: FinalState = "COMPLETED"): this {
    return this.when({ type: "ENDED", at: T0 + s * 1000, state });
  }

  pause(s = 0, reason = "holidays"): this {
    return this.when({ type: "PAUSE", at: T0 + s * 1000, reason });
  }

  resume(s = 0): this {
    return this.when({ type: "RESUME", at: T0 + s * 1000 });
  }

  cancel(s = 0, { cancelRunning = false, terminate = false } = {}): this {
    return this.when({ type: "CANCEL", at: T0 + s * 1000, reason: "over", cancelRunning, terminate });
  }

  update(s: number, given: Partial<DefinitionSpec>): this {
    return this.when({ type: "UPDATE", at: T0 + s * 1000, spec: { ...this.definition.spec, ...given } });
  }

  get state(): string {
    return this.definition.state;
  }

  /** What the last decision made of due times: `FIRED 10`, `MISSED 20`. */
  get outcomes(): readonly string[] {
    return this.last.effects.flatMap((effect) => {
      if (effect.kind === "ledger") return [`${effect.outcome} ${(effect.scheduledAt - T0) / 1000}`];
      return effect.kind === "spawn" ? [`FIRED ${((effect.spec.scheduledAt ?? T0) - T0) / 1000}`] : [];
    });
  }

  get effects(): readonly string[] {
    return this.last.effects.map((effect) => (effect.kind === "announce" ? effect.name : effect.kind));
  }

  effect<Kind extends SupervisorEffect["kind"]>(kind: Kind): Extract<SupervisorEffect, { kind: Kind }> | undefined {
    return this.last.effects.find(
      (effect): effect is Extract<SupervisorEffect, { kind: Kind }> => effect.kind === kind,
    );
  }

  /** When it is to be looked at next, in seconds; null: never. */
  get looksAt(): number | null {
    const at = nextLookAt({
      id: this.definition.id,
      spec: this.definition.spec,
      supervision: this.supervision,
    });
    return at === null ? null : (at - T0) / 1000;
  }

  get dueAt(): number | null {
    return this.supervision.nextDueAt === null ? null : (this.supervision.nextDueAt - T0) / 1000;
  }
}
