/**
 * The states of a session (审批实例), as a statechart. The process system decides them, and what it says may come late, twice or in any order: a state
 * gives way to what happened later, and of two that were told for the same time to the one that is further (they stand in that order). So a state that
 * ended the session is left by a newer event only.
 */
import { enqueueActions, setup } from "xstate";
import { SESSION_STATES } from "../../domain/approval/session.ts";
import type { SessionState } from "../../domain/approval/session.ts";
import type { Announcement } from "../breaker/effects.ts";
import { EVENT_OF } from "./events.ts";
import type { SessionEvent } from "./events.ts";
import * as standing from "./standing.ts";
import type { SessionStep, Standing } from "./standing.ts";

const types = {} as { context: Standing; events: SessionEvent };

/** An action that takes pure steps, one after the other: how it stands next, and effects as data. */
function steps(...taking: readonly ((before: Standing, event: SessionEvent) => SessionStep)[]) {
  return enqueueActions<
    Standing,
    SessionEvent,
    undefined,
    SessionEvent,
    never,
    { type: "effect"; params: Announcement },
    never,
    never,
    never
  >(({ context, event, enqueue }) => {
    let now = context;
    for (const take of taking) {
      const taken = take(now, event);
      now = taken.standing;
      for (const effect of taken.effects) {
        enqueue({ type: "effect", params: effect });
      }
    }
    enqueue.assign(now);
  });
}

interface Input {
  readonly context: Standing;
  readonly event: SessionEvent;
}

const newer = ({ context, event }: Input): boolean => standing.isNewer(context, event);
const notOlder = ({ context, event }: Input): boolean => standing.isNotOlder(context, event);

/** What being told of a state makes of a session that is in another, or in the same. */
function told(from: SessionState, to: SessionState) {
  const end = standing.isEnded(to) ? [standing.noteEnd] : [];
  const taken =
    from === to
      ? { guard: newer, actions: steps(standing.stand, ...end) }
      : {
          guard: SESSION_STATES.indexOf(to) > SESSION_STATES.indexOf(from) ? notOlder : newer,
          target: to,
          actions: steps(standing.enter, ...end),
        };
  return end.length === 0 ? [taken] : [taken, { actions: steps(...end) }];
}

function toldIn(from: SessionState) {
  return {
    [EVENT_OF.DRAFT]: told(from, "DRAFT"),
    [EVENT_OF.RUNNING]: told(from, "RUNNING"),
    [EVENT_OF.SUSPENDED]: told(from, "SUSPENDED"),
    [EVENT_OF.COMPLETED]: told(from, "COMPLETED"),
    [EVENT_OF.ABORTED]: told(from, "ABORTED"),
    [EVENT_OF.REJECTED]: told(from, "REJECTED"),
    [EVENT_OF.REVOKED]: told(from, "REVOKED"),
    DELETED: { actions: steps(standing.remove) },
    ARCHIVED: { actions: steps(standing.archive) },
  };
}

export const sessionMachine = setup({
  types,
  actions: {
    /** Effects are data: the runtime reads them off the transition. Nothing runs here. */
    effect: (_, _effect: Announcement) => {},
  },
}).createMachine({
  id: "session",
  initial: "RUNNING",
  // Every actor is made from a record; this stands for none.
  context: {} as Standing,
  states: {
    DRAFT: {
      description: "草稿: nobody has submitted it. Whether it is pushed is up to each connector.",
      on: toldIn("DRAFT"),
    },
    RUNNING: {
      description: "进行中: somebody has to act. What nobody told the state of is taken to run.",
      on: toldIn("RUNNING"),
    },
    SUSPENDED: { description: "挂起: it waits to be resumed.", on: toldIn("SUSPENDED") },
    COMPLETED: { description: "完成", on: toldIn("COMPLETED") },
    ABORTED: { description: "终止", on: toldIn("ABORTED") },
    REJECTED: {
      description: "驳回: its items are withdrawn. One that comes later is there to correct it.",
      on: toldIn("REJECTED"),
    },
    REVOKED: { description: "撤销", on: toldIn("REVOKED") },
  },
});
