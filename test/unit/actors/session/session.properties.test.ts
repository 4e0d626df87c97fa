import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PUSH_ACTIONS } from "../../../../src/domain/approval/push-action.ts";
import type { ReportedEvent } from "../../../../src/domain/approval/reported-event.ts";
import { isOpen, SESSION_STATES, WORK_ITEM_STATES } from "../../../../src/domain/approval/session.ts";
import type { LocalizedText } from "../../../../src/domain/approval/session.ts";
import type { JsonObject } from "../../../../src/domain/json.ts";
import { event, LI, Story, subscriber, T0, WANG, ZHANG } from "./given.ts";

/** Few of each, so that they meet: of the same second, of the same item, of each state. */
const second = fc.integer({ min: 0, max: 12 });
const instant = second.map((s) => T0 + s * 1000);
const people = fc.subarray([LI, WANG, ZHANG]);
const itemId = fc.constantFrom("9001", "9002", "9003");
const text = fc.constantFrom("", "a", "b");
const name = fc.constantFrom("", "questionnaire.x", ...PUSH_ACTIONS, ...PUSH_ACTIONS.map((each) => `action.${each}.0`));

const sessionFacts = fc.record(
  {
    appId: fc.constantFrom("12", "13"),
    title: text,
    state: fc.constantFrom(...SESSION_STATES),
    appName: fc.constantFrom<LocalizedText[]>(
      {},
      { zh: "请假" },
      { zh: "请假", en: "Leave" },
      { en: "Leave", zh: "请假" },
    ),
    isQuestionnaire: fc.boolean(),
    createdAt: instant,
    finishedAt: fc.option(instant),
  },
  { requiredKeys: [] },
);
const itemFacts = fc.record(
  {
    id: itemId,
    nodeId: fc.constantFrom("n3", "n4"),
    state: fc.constantFrom(...WORK_ITEM_STATES),
    assignees: people,
    handledBy: fc.option(fc.constant(LI)),
    opinion: text,
    data: fc.constantFrom<(JsonObject | null)[]>(null, {}, { flags: [1] }, { flags: [1], task_data: { days: null } }),
    createdAt: instant,
    finishedAt: fc.option(instant),
  },
  { requiredKeys: ["id"] },
);
const reported: fc.Arbitrary<ReportedEvent> = fc
  .record({
    s: second,
    name,
    given: fc.record(
      {
        session: sessionFacts,
        workItem: itemFacts,
        transfer: fc.record({ from: people, to: people }),
        log: fc.array(
          fc.record({
            workItemId: itemId,
            actor: fc.constantFrom(LI, WANG),
            operation: text,
            opinion: text,
            at: instant,
          }),
          { maxLength: 2 },
        ),
        todos: fc.array(
          fc.record({
            id: fc.constantFrom("t1", "t2"),
            nodeId: fc.constant("n3"),
            procTaskId: fc.constantFrom("", "p1"),
            total: fc.integer({ min: 1, max: 12 }),
            complete: fc.integer({ min: 0, max: 12 }),
            createdAt: instant,
            finishedAt: fc.option(instant),
          }),
          { maxLength: 2 },
        ),
        shares: fc.array(fc.record({ workItemId: itemId, from: text, to: text, at: instant }), { maxLength: 2 }),
        note: text,
      },
      { requiredKeys: [] },
    ),
  })
  .map((each) => event(each.s, each.name, each.given));

/** Events, and the same ones in another order, each at least once. */
const twoWays = fc.array(reported, { minLength: 1, maxLength: 12 }).chain((events) =>
  fc.record({
    events: fc.constant(events),
    again: fc.array(fc.nat({ max: events.length - 1 }), { maxLength: 8 }).chain((repeated) => {
      const all = [...events, ...repeated.flatMap((index) => events[index] ?? [])];
      return fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length });
    }),
  }),
);

function storyOf(
  events: readonly ReportedEvent[],
  check: (story: Story, told: ReportedEvent) => void = () => {},
): Story {
  const story = new Story([subscriber("a"), subscriber("b")]);
  for (const told of events) {
    story.when(told);
    check(story, told);
  }
  return story;
}

function play(check: (events: readonly ReportedEvent[]) => void): void {
  fc.assert(fc.property(fc.array(reported, { minLength: 1, maxLength: 20 }), check), { numRuns: 300 });
}

describe("events that come in whatever order, and as often as you like", () => {
  it("end in the same facts", () => {
    fc.assert(
      fc.property(twoWays, ({ events, again }) => {
        expect(storyOf(again).facts).toEqual(storyOf(events).facts);
      }),
      { numRuns: 400 },
    );
  });

  it("leave the session archived and deleted since the first event that said so", () => {
    const firstOf = (action: string, events: readonly ReportedEvent[]): number | null =>
      events
        .filter((each) => each.action === action)
        .reduce<number | null>((first, { happenedAt }) => Math.min(first ?? happenedAt, happenedAt), null);
    fc.assert(
      fc.property(twoWays, ({ events, again }) => {
        const { archivedAt, deletedAt } = storyOf(again).record;
        expect([archivedAt, deletedAt]).toEqual([firstOf("archive", events), firstOf("sess_delete", events)]);
      }),
      { numRuns: 300 },
    );
  });

  it("told again change nothing, write nothing, and push nothing", () => {
    play((events) => {
      const story = storyOf(events);
      const { state } = story;
      for (const told of events) {
        expect(story.when(told).decided).toEqual({
          kind: "decided",
          session: state.record,
          changedItems: [],
          pushes: [],
          effects: [],
        });
      }
    });
  });

  it("each is pushed once at most to each platform", () => {
    fc.assert(
      fc.property(twoWays, ({ events, again }) => {
        const story = storyOf(again);
        const known = new Set(
          events.flatMap(({ action, happenedAt, workItem }) =>
            action === null ? [] : [JSON.stringify([action, happenedAt, workItem?.id])],
          ),
        );
        for (const platform of ["a", "b"]) {
          const pushes = story.allPushes.filter(({ platformId }) => platformId === platform);
          expect(pushes.length).toBeLessThanOrEqual(known.size);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("are all pushed, when the session is no questionnaire and was not deleted", () => {
    play((events) => {
      const seen = new Set<string>();
      storyOf(events, (story, { action, happenedAt, workItem }) => {
        const key = JSON.stringify([action, happenedAt, workItem?.id]);
        const isNews = action !== null && !seen.has(key);
        seen.add(key);
        const isLeft = !story.session.isQuestionnaire && (story.record.deletedAt === null || action === "sess_delete");
        expect(story.pushes).toHaveLength(isNews && isLeft ? 2 : 0);
      });
    });
  });
});

describe("whatever is told", () => {
  it("an older event never undoes a newer state, and a deletion or an archiving nothing undoes", () => {
    play((events) => {
      let before: Story["state"] = { record: null, items: new Map() };
      storyOf(events, ({ state, record }, told) => {
        const earlier = before.record;
        if (earlier !== null) {
          expect(record.factAt).toBeGreaterThanOrEqual(earlier.factAt);
          if (told.happenedAt < earlier.factAt) {
            expect(record.session.state).toBe(earlier.session.state);
          }
          if (earlier.deletedAt !== null) {
            expect(record.deletedAt).toBeLessThanOrEqual(earlier.deletedAt);
          }
          if (earlier.archivedAt !== null) {
            expect(record.archivedAt).toBeLessThanOrEqual(earlier.archivedAt);
          }
        }
        for (const [id, { factAt, knowledge }] of before.items) {
          const after = state.items.get(id);
          expect(after?.factAt).toBeGreaterThanOrEqual(factAt);
          if (told.happenedAt < factAt) {
            expect(after?.knowledge.state).toBe(knowledge.state);
          }
        }
        before = state;
      });
    });
  });

  it("nothing is open in a session that is over, and only what is not open is finished", () => {
    play((events) => {
      storyOf(events, ({ session, record, state }) => {
        const isOver = ["COMPLETED", "ABORTED", "REVOKED"].includes(session.state) || record.deletedAt !== null;
        for (const { item, appId } of state.items.values()) {
          expect(isOver && isOpen(item.state)).toBe(false);
          expect(isOpen(item.state) && item.finishedAt !== null).toBe(false);
          expect([item.sessionId, appId]).toEqual([session.id, session.appId]);
        }
        const goesOn = ["DRAFT", "RUNNING", "SUSPENDED"].includes(session.state);
        expect(goesOn).toBe(session.finishedAt === null);
      });
    });
  });

  it("what is changed is a revision, what is not stays the same, and what is announced is written", () => {
    play((events) => {
      let before: Story["state"] = { record: null, items: new Map() };
      storyOf(events, ({ state, decided, record }) => {
        const changed = new Set(decided.changedItems.map(({ item }) => item.id));
        expect(changed.size).toBe(decided.changedItems.length);
        for (const [id, each] of state.items) {
          expect(each.revision - (before.items.get(id)?.revision ?? 0)).toBe(changed.has(id) ? 1 : 0);
        }
        const isSessionChanged = decided.session !== before.record;
        expect(record.revision - (before.record?.revision ?? 0)).toBe(isSessionChanged ? 1 : 0);
        expect(decided.effects.length > 0).toBe(isSessionChanged || changed.size > 0);
        expect(decided.effects.length === 0 && decided.pushes.length > 0).toBe(false);
        before = state;
      });
    });
  });
});
