/** What an event makes of the session's own record. Item facts are in `items.ts`. */
import type { SessionRecord } from "../../domain/approval/records.ts";
import type { ReportedEvent } from "../../domain/approval/reported-event.ts";
import type { Session } from "../../domain/approval/session.ts";
import { tell } from "../../domain/approval/telling.ts";
import type { Announcement } from "../breaker/effects.ts";
import { pureTransition } from "../pure-transition.ts";
import { withLog, withShares, withTodos } from "./collected.ts";
import { EVENT_OF } from "./events.ts";
import type { SessionEvent } from "./events.ts";
import { sessionStateTold } from "./implied.ts";
import { sessionMachine } from "./machine.ts";
import { withSeen } from "./seen.ts";
import { isEnded, standingOf } from "./standing.ts";

const transition = pureTransition(sessionMachine);

export interface Recorded {
  /** The same object when nothing changed. */
  readonly record: SessionRecord;
  readonly effects: readonly Announcement[];
}

/** One of which nothing is known but that an event was reported. */
export function unknownSession({ sessionId, shard, happenedAt, at }: ReportedEvent): SessionRecord {
  return {
    session: {
      id: sessionId,
      appId: "",
      appName: {},
      title: "",
      serialNumber: "",
      state: "RUNNING",
      creator: { number: "", name: "" },
      summary: [],
      view: { pc: "", h5: "" },
      isQuestionnaire: false,
      isStartAndEnd: false,
      createdAt: happenedAt,
      finishedAt: null,
    },
    shard,
    revision: 0,
    factAt: 0,
    deletedAt: null,
    archivedAt: null,
    log: [],
    todos: [],
    shares: [],
    knowledge: { toldAt: {}, todosToldAt: {}, finishedAt: null, lastEndedAt: null, seen: [] },
    updatedAt: at,
  };
}

export function recordSession(before: SessionRecord, event: ReportedEvent): Recorded {
  const stood = withStates(before, event);
  const { todos, todosToldAt } = withTodos(before, event);
  const { session, toldAt, finishedAt } = withFacts(before, stood.record, event);
  const record: SessionRecord = {
    ...stood.record,
    session,
    log: withLog(before.log, event.log),
    todos,
    shares: withShares(before.shares, event.shares),
    knowledge: {
      toldAt,
      todosToldAt,
      finishedAt,
      lastEndedAt: stood.record.knowledge.lastEndedAt,
      seen: event.workItem === undefined ? withSeen(before.knowledge.seen, event) : before.knowledge.seen,
    },
  };
  return isSame(before, record) ? { record: before, effects: [] } : { record, effects: stood.effects };
}

function withStates(record: SessionRecord, { happenedAt, ...event }: ReportedEvent): Recorded {
  const told = sessionStateTold({ happenedAt, ...event });
  const types: readonly SessionEvent["type"][] = [
    ...(told === undefined ? [] : [EVENT_OF[told]]),
    ...(event.action === "sess_delete" ? (["DELETED"] as const) : []),
    ...(event.action === "archive" ? (["ARCHIVED"] as const) : []),
  ];
  let now = sessionMachine.resolveState({ value: record.session.state, context: standingOf(record) });
  const effects: Announcement[] = [];
  for (const type of types) {
    const [next, actions] = transition(now, { type, happenedAt });
    now = next;
    effects.push(...actions.map((action) => action.params as Announcement));
  }
  const { factAt, lastEndedAt, deletedAt, archivedAt } = now.context;
  return {
    record: {
      ...record,
      session: { ...record.session, state: now.value },
      factAt,
      deletedAt,
      archivedAt,
      knowledge: { ...record.knowledge, lastEndedAt },
    },
    effects,
  };
}

function withFacts(
  { session: known, knowledge }: SessionRecord,
  { session: { state }, factAt }: SessionRecord,
  event: ReportedEvent,
): Pick<SessionRecord, "session"> & Pick<SessionRecord["knowledge"], "toldAt" | "finishedAt"> {
  const { state: _, ...news } = event.session ?? {};
  const stateTold = sessionStateTold(event);
  // To say that it goes on is to say that it is not finished.
  const finished = stateTold === undefined || isEnded(stateTold) ? news.finishedAt : (news.finishedAt ?? null);
  const { facts, toldAt } = tell<Session>(
    { facts: { ...known, finishedAt: knowledge.finishedAt }, toldAt: knowledge.toldAt },
    { ...news, finishedAt: finished },
    event.happenedAt,
  );
  const { finishedAt } = facts;
  const session: Session = {
    ...facts,
    state,
    // Until somebody says so, it is as old as the oldest that is heard of it.
    createdAt: toldAt["createdAt"] === undefined ? Math.min(known.createdAt, event.happenedAt) : facts.createdAt,
    finishedAt: isEnded(state) ? (finishedAt ?? factAt) : null,
  };
  return { session: isSame(known, session) ? known : session, toldAt, finishedAt };
}

/** Whether two hold the same values; knowledge is looked into. */
function isSame<Value extends object>(a: Value, b: Value): boolean {
  return Object.entries(a).every(([name, value]) => {
    const other = b[name as keyof Value] as unknown;
    return value === other || (name === "knowledge" && isSame(value as object, other as object));
  });
}
