import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PUSH_ACTIONS } from "../../../../src/domain/approval/push-action.ts";
import type { PushFacts } from "../../../../src/domain/approval/push-facts.ts";
import { SESSION_STATES, WORK_ITEM_STATES } from "../../../../src/domain/approval/session.ts";
import type { Links, Person, Session, WorkItem } from "../../../../src/domain/approval/session.ts";
import { shuwei } from "../../../../src/platforms/shuwei/shuwei.ts";
import { shuweiV2 } from "../../../../src/platforms/shuwei_v2/shuwei-v2.ts";
import { afterwards, HOST, settingsOf } from "./leave.ts";

const text = fc.oneof(fc.constantFrom("", "同意", "a|b", "__proto__", "constructor"), fc.string({ maxLength: 8 }));
const at = fc.integer({ min: 0, max: 20 }).map((minute) => 1_767_000_000_000 + minute * 60_000);
const localized = fc.dictionary(fc.constantFrom("zh", "en", ""), text);
const links: fc.Arbitrary<Links> = fc.record({ pc: text, h5: text });
const person: fc.Arbitrary<Person> = fc.record({ number: fc.constantFrom("1", "2", "3", ""), name: text });
const numbers = fc.uniqueArray(fc.constantFrom("1", "2", "3"), { maxLength: 3 });
const people = fc.array(person, { maxLength: 3 });
const itemId = fc.constantFrom("1", "2", "3", "1_2", "1_2.2", "4");

const workItem: fc.Arbitrary<WorkItem> = fc.record({
  id: itemId,
  sessionId: fc.constant("7"),
  nodeId: text,
  nodeName: localized,
  state: fc.constantFrom(...WORK_ITEM_STATES),
  assignees: people,
  handledBy: fc.option(person),
  opinion: text,
  previousIds: fc.array(itemId, { maxLength: 3 }),
  todo: links,
  view: links,
  data: fc.constant(null),
  createdAt: at,
  finishedAt: fc.option(at),
});

const session: fc.Arbitrary<Session> = fc.record({
  id: fc.constant("7"),
  appId: text,
  appName: localized,
  title: text,
  serialNumber: text,
  state: fc.constantFrom(...SESSION_STATES),
  creator: person,
  summary: fc.array(fc.record({ label: text, value: text }), { maxLength: 7 }),
  view: links,
  isQuestionnaire: fc.constant(false),
  isStartAndEnd: fc.boolean(),
  createdAt: at,
  finishedAt: fc.option(at),
});

const thirdId = fc.oneof(
  itemId.map((id) => `7_${id}`),
  fc.tuple(itemId, fc.constantFrom("1", "2", "1-2", "1.2")).map(([id, of]) => `7_${id}_${of}`),
  fc.constantFrom("7", "8", "", "_"),
);
const status = fc.constantFrom("TODO", "DONE", "FINISH", "BREAK_UP", "HANG_UP", "IN_PROGRESS", "?");

const anyFacts: fc.Arbitrary<PushFacts> = fc
  .record({
    action: fc.constantFrom(...PUSH_ACTIONS),
    session,
    isDeleted: fc.boolean(),
    isArchived: fc.boolean(),
    item: fc.option(workItem),
    items: fc.array(workItem, { maxLength: 6 }),
    log: fc.array(fc.record({ workItemId: itemId, actor: person, operation: text, opinion: text, at }), {
      maxLength: 8,
    }),
    transfer: fc.option(fc.record({ from: people, to: people })),
    note: text,
    acknowledged: fc.array(fc.tuple(thirdId, fc.record({ status, assignees: numbers, at: fc.nat(50) })), {
      maxLength: 8,
    }),
  })
  .map((facts) => ({
    ...facts,
    transfer: facts.action === "change_assignee" ? facts.transfer : null,
    acknowledged: new Map(facts.acknowledged),
  }));

/** As many as there are acknowledgements. */
const MAX_SIDE_BY_SIDE = 8;

/** Those whose repetition says the same again on purpose. */
const repeats: ReadonlySet<string> = new Set(["remind_task", "manual", "task_resume", "sess_delete"]);

describe.each([
  ["V1", shuwei, {}],
  ["V1 that makes todos anew", shuwei, { transferMode: "recreate" }],
  ["V2", shuweiV2, {}],
])("%s, whatever the facts", (_, connector, given) => {
  const settings = settingsOf(connector, given);

  it("a plan is made, every request goes to the host, and every operation can be repaired and judged", () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const plan = connector.plan(facts, settings);
        if (plan.kind === "skip") {
          expect(plan.reason).not.toBe("");
          return;
        }
        expect(plan.operations.length).toBeGreaterThan(0);
        const repairs = plan.operations.flatMap((each) => connector.repairOf(each, facts, settings));
        for (const operation of [...plan.operations, ...repairs]) {
          const request = connector.requestOf(operation, { settings, token: "t", at: 0, idempotencyKey: "k" });
          expect(new URL(request.url).origin).toBe(HOST);
          expect(request.body).not.toBe("");
          const answer = { kind: "answered", status: 200, body: '{"code":0}' } as const;
          expect(connector.verdictOf(operation, answer, settings)).toEqual({ class: "ok" });
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("R-052: no operation is sent twice in one push, and back-push completes nothing that is acknowledged as done", () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const plan = connector.plan(facts, settings);
        const operations = plan.kind === "push" ? plan.operations : [];
        const names = operations.map(({ kind, thirdId: id }) => `${kind} ${id}`);
        expect(new Set(names).size).toBe(names.length);
        if (facts.action === "manual") return;
        for (const { kind, thirdId: id, acknowledges } of operations) {
          const before = facts.acknowledged.get(id)?.status;
          if (kind === "complete" && acknowledges.get(id)?.status === "DONE")
            expect([undefined, "TODO"]).toContain(before);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("R-052: when all of it succeeded the platform has acknowledged what was desired, and the same event soon sends nothing more", () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const plan = connector.plan(facts, settings);
        if (plan.kind === "skip") return;
        const after = afterwards(facts, plan);
        for (const [id, desired] of plan.desired) {
          expect(after.acknowledged.get(id)?.status ?? null).toBe(desired);
        }
        if (repeats.has(facts.action) || facts.isDeleted) return;
        // Only todos of one item that are open side by side, which no push makes, take one push each.
        let later = after;
        for (let pushes = 0; pushes < MAX_SIDE_BY_SIDE; pushes += 1) {
          later = afterwards(later, connector.plan(later, settings));
        }
        expect(connector.plan(later, settings).kind).toBe("skip");
      }),
      { numRuns: 1000 },
    );
  });
});
