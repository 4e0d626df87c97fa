/** Sessions told event by event. */
import { decideSession } from "../../../../src/actors/session/decide.ts";
import type { SessionDecided, SessionDecision, SessionInMemory } from "../../../../src/actors/session/decide.ts";
import type { SessionRefusal } from "../../../../src/actors/session/bounds.ts";
import type { PushIntent, Subscriber } from "../../../../src/actors/session/pushes.ts";
import { pushActionOf } from "../../../../src/domain/approval/push-action.ts";
import type { SessionRecord, WorkItemRecord } from "../../../../src/domain/approval/records.ts";
import type { ReportedEvent } from "../../../../src/domain/approval/reported-event.ts";
import type { Person, Session, WorkItem } from "../../../../src/domain/approval/session.ts";
import type { PlatformTrigger } from "../../../../src/domain/platform/trigger.ts";
import { MANUAL_START_AT } from "../../../support/manual-clock.ts";

/** Second 0 of every story below. */
export const T0 = MANUAL_START_AT;

export const ZHANG: Person = { number: "2021001", name: "张三" };
export const LI: Person = { number: "10086", name: "李四" };
export const WANG: Person = { number: "10087", name: "王五" };

export type Given = Partial<Omit<ReportedEvent, "sessionId" | "shard" | "happenedAt">>;

/** @param s when it happened, in seconds since T0; it is decided a second later unless it is said. */
export function event(s: number, name: string, given: Given = {}): ReportedEvent {
  const happenedAt = T0 + s * 1000;
  return { at: happenedAt + 1000, happenedAt, sessionId: "77", shard: 5, name, action: pushActionOf(name), ...given };
}

export function trigger(given: Partial<Omit<PlatformTrigger, "condition">> & Partial<PlatformTrigger["condition"]>) {
  const { nodeIds = [], creators = [], assignees = [], ...rest } = given;
  return {
    id: "trigger",
    platformId: "jinzhi",
    actions: [],
    appIds: [],
    createdAt: T0,
    ...rest,
    condition: { nodeIds, creators, assignees },
  } satisfies PlatformTrigger;
}

/** Told of all that happens, unless triggers are given. */
export function subscriber(id = "jinzhi", given: Partial<Omit<Subscriber, "id">> = {}): Subscriber {
  return { id, enabled: true, triggers: [trigger({ platformId: id })], ...given };
}

/** One session, its items, and the platforms that are told of it: one, unless others are given. */
export class Story {
  state: SessionInMemory = { record: null, items: new Map() };
  last: SessionDecision | null = null;
  readonly #platforms: readonly Subscriber[];
  /** All that were asked for, oldest first. */
  readonly allPushes: PushIntent[] = [];

  constructor(platforms: readonly Subscriber[] = [subscriber()]) {
    this.#platforms = platforms;
  }

  /** What is decided is written, and read again: as JSON. */
  when(reported: ReportedEvent): this {
    const decision = decideSession(this.state, reported, this.#platforms);
    this.last = decision;
    if (decision.kind === "decided") {
      const items = new Map(this.state.items);
      for (const record of decision.changedItems) {
        items.set(record.item.id, throughJson(record));
      }
      this.state = { record: throughJson(decision.session), items };
      this.allPushes.push(...decision.pushes);
    }
    return this;
  }

  tell(s: number, name: string, given: Given = {}): this {
    return this.when(event(s, name, given));
  }

  get record(): SessionRecord {
    const { record } = this.state;
    if (record === null) {
      throw new Error("nothing was told of it");
    }
    return record;
  }

  get session(): Session {
    return this.record.session;
  }

  itemRecord(id: string): WorkItemRecord {
    const record = this.state.items.get(id);
    if (record === undefined) {
      throw new Error(`nothing was told of ${id}`);
    }
    return record;
  }

  item(id = "9001"): WorkItem {
    return this.itemRecord(id).item;
  }

  get decided(): SessionDecided {
    if (this.last?.kind !== "decided") {
      throw new Error("it was not decided");
    }
    return this.last;
  }

  get refused(): SessionRefusal {
    if (this.last?.kind !== "refused") {
      throw new Error("it was not refused");
    }
    return this.last;
  }

  get pushes(): readonly PushIntent[] {
    return this.decided.pushes;
  }

  /** Names of what the last event announced. */
  get told(): readonly string[] {
    return this.decided.effects.map(({ name }) => name);
  }

  /** All that is known, without how often and when it was decided. */
  get facts(): unknown {
    const { revision: _r, updatedAt: _u, ...record } = this.record;
    const items = [...this.state.items.values()].map(({ revision: _, updatedAt: __, ...each }) => each);
    return { ...record, items: items.toSorted((a, b) => (a.item.id < b.item.id ? -1 : 1)) };
  }
}

function throughJson<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value;
}
