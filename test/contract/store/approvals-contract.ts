import { describe, expect, it } from "vitest";
import type { SessionRecord, WorkItemRecord } from "../../../src/domain/approval/records.ts";
import { SESSION_STATES, type WorkItem } from "../../../src/domain/approval/session.ts";
import type { SessionFilter, WorkItemFilter } from "../../../src/ports/store/approvals.ts";
import type { ListCursor } from "../../../src/ports/store/queries.ts";
import type { Store } from "../../../src/ports/store/store.ts";
import { aSession, aWorkItem } from "./given-approvals.ts";
import type { Given } from "./given-store.ts";
import { readPages } from "./pages.ts";

const DAY_MS = 86_400_000;
/** Of one instant, in the order of their ids. */
const IDS = ["10", "9", "B", "_", "a", "任务"];

function idsOf(records: readonly (SessionRecord | WorkItemRecord)[]): string {
  return records.map((record) => ("session" in record ? record.session.id : record.item.id)).join(" ");
}

function sessionCursor({ session: { createdAt, id } }: SessionRecord): ListCursor {
  return { at: createdAt, id };
}

function itemCursor({ item: { createdAt, id } }: WorkItemRecord): ListCursor {
  return { at: createdAt, id };
}

async function expectSessions(store: Store, filter: SessionFilter, ids: string): Promise<void> {
  const why = JSON.stringify(filter);
  expect(idsOf(await store.approvals.listSessions(filter, null, 100)), why).toBe(ids);
  const oldestFirst = ids.split(" ").toReversed().join(" ");
  expect(idsOf(await store.approvals.pageSessions(filter, null, 100)), why).toBe(oldestFirst);
  const page = await readPages(1, (after, limit) => store.approvals.pageSessions(filter, after, limit), sessionCursor);
  expect(idsOf(page), why).toBe(oldestFirst);
}

async function expectItems(store: Store, filter: WorkItemFilter, ids: string): Promise<void> {
  const why = JSON.stringify(filter);
  expect(idsOf(await store.approvals.listWorkItems(filter, null, 100)), why).toBe(ids);
  const oldestFirst = ids.split(" ").toReversed().join(" ");
  expect(idsOf(await store.approvals.pageWorkItems(filter, null, 100)), why).toBe(oldestFirst);
  const page = await readPages(1, (after, limit) => store.approvals.pageWorkItems(filter, after, limit), itemCursor);
  expect(idsOf(page), why).toBe(oldestFirst);
  expect(await store.approvals.countWorkItems(filter), why).toBe(ids === "" ? 0 : ids.split(" ").length);
}

/** Sessions and their work items. */
export function approvalsContract(given: Given): void {
  describe("are loaded", () => {
    it(
      "by their ids, those that do not exist left out",
      given(async ({ store, writer }) => {
        const node = await writer();
        const sessions = ["s1", "s2", "s3"].map((id, shard) => aSession({ shard, session: { id } }));
        const items = ["i1", "i2", "i3"].map((id, shard) => aWorkItem({ shard, item: { id, createdAt: 10 - shard } }));
        await node.write({ sessions, workItems: items });
        const loaded = await store.approvals.loadSessions(["s3", "nobody", "s1", "s3"]);
        expect(idsOf(loaded).split(" ").toSorted()).toEqual(["s1", "s3"]);
        expect(await store.approvals.loadSessions([])).toEqual([]);
        expect(await store.approvals.loadWorkItems({ ids: ["i1", "nobody", "i3", "i1"] })).toEqual([
          items[2],
          items[0],
        ]);
        expect(await store.approvals.loadWorkItems({ ids: [] })).toEqual([]);
      }),
    );

    it(
      "by session, oldest first, those of one instant by id",
      given(async ({ store, writer }) => {
        const node = await writer();
        const of = (sessionId: string, id: string, createdAt: number) =>
          aWorkItem({ item: { sessionId, id, createdAt } });
        const [a, b, c, d] = [of("s1", "z", 1), of("s2", "b", 2), of("s1", "c", 2), of("s2", "a", 3)];
        await node.write({ workItems: [d, c, b, a, of("s3", "x", 2)] });
        const loaded = await store.approvals.loadWorkItems({ sessionIds: ["s2", "s1", "nobody"] });
        expect(loaded).toEqual([a, b, c, d]);
        expect(await store.approvals.loadWorkItems({ sessionIds: [] })).toEqual([]);
      }),
    );

    it(
      "as they were written last, found by what they are now",
      given(async ({ store, writer }) => {
        const node = await writer();
        const [session, item] = [aSession({ session: { id: "s" } }), aWorkItem({ item: { id: "i", sessionId: "s" } })];
        await node.write({ sessions: [session], workItems: [item] });
        const ended = aSession({
          ...session,
          shard: 1,
          revision: 2,
          deletedAt: 77,
          updatedAt: session.updatedAt + 5,
          session: {
            ...session.session,
            state: "ABORTED",
            appId: "app2",
            creator: { number: "n2", name: "" },
            createdAt: 3,
          },
        });
        const moved = aWorkItem({
          ...item,
          shard: 1,
          revision: 2,
          appId: "app2",
          updatedAt: item.updatedAt + 5,
          item: {
            ...item.item,
            assignees: [{ number: "T2", name: "王五" }],
            nodeId: "node2",
            state: "CLAIMED",
            createdAt: 3,
          },
        });
        await node.write({ sessions: [ended], workItems: [moved] });
        expect(await store.approvals.loadSessions(["s"])).toEqual([ended]);
        expect(await store.approvals.loadWorkItems({ ids: ["i"] })).toEqual([moved]);
        await expectSessions(store, { appId: "app1" }, "");
        await expectSessions(store, { appId: "app2", creator: "n2", deleted: true, states: ["ABORTED"] }, "s");
        await expectItems(store, { assignee: "T1" }, "");
        await expectItems(store, { assignee: "T2", nodeId: "node2", states: ["CLAIMED"], createdBefore: 4 }, "i");
      }),
    );
  });

  describe("are listed", () => {
    it(
      "newest first or oldest first, those of one instant by id, in pages that cover all once (R-072, R-078)",
      given(async ({ store, writer }) => {
        const node = await writer();
        const at = new Map([["new", 501], ["old", 499], ...IDS.map((id) => [id, 500] as const)]);
        const order = ["old", ...IDS, "new"];
        const shuffled = [...at.keys()];
        await node.write({
          // They changed last on several days, in another order than they were created in.
          sessions: shuffled.map((id, index) =>
            aSession({ session: { id, createdAt: at.get(id)! }, updatedAt: DAY_MS * (10 - (index >> 1)) }),
          ),
          workItems: shuffled.map((id, index) =>
            aWorkItem({ item: { id, createdAt: at.get(id)! }, updatedAt: DAY_MS * (10 - (index >> 1)) }),
          ),
        });
        const { approvals } = store;
        // Each way a store may look for them.
        const sessionFilters: readonly SessionFilter[] = [
          {},
          { appId: "app1" },
          { creator: "20210001" },
          { updatedAfter: 0 },
        ];
        const itemFilters: readonly WorkItemFilter[] = [
          {},
          { appId: "app1" },
          { sessionId: "session" },
          { assignee: "T1" },
          { updatedAfter: 0 },
        ];
        for (const size of [1, 3, 8, 9]) {
          for (const filter of sessionFilters) {
            const why = `${JSON.stringify(filter)}, pages of ${size}`;
            const listed = await readPages(
              size,
              (after, limit) => approvals.listSessions(filter, after, limit),
              sessionCursor,
            );
            expect(idsOf(listed), why).toBe(order.toReversed().join(" "));
            const paged = await readPages(
              size,
              (after, limit) => approvals.pageSessions(filter, after, limit),
              sessionCursor,
            );
            expect(idsOf(paged), why).toBe(order.join(" "));
          }
          for (const filter of itemFilters) {
            const why = `${JSON.stringify(filter)}, pages of ${size}`;
            const listed = await readPages(
              size,
              (after, limit) => approvals.listWorkItems(filter, after, limit),
              itemCursor,
            );
            expect(idsOf(listed), why).toBe(order.toReversed().join(" "));
            const paged = await readPages(
              size,
              (after, limit) => approvals.pageWorkItems(filter, after, limit),
              itemCursor,
            );
            expect(idsOf(paged), why).toBe(order.join(" "));
          }
        }
      }),
    );

    it(
      "sessions by each filter, together all that are set, also those without any item",
      given(async ({ store, writer }) => {
        const node = await writer();
        const creator = { number: "n2", name: "李四" };
        await node.write({
          sessions: [
            aSession({ session: { id: "a", createdAt: 40, appId: "app2" }, updatedAt: 90 }),
            aSession({ session: { id: "b", createdAt: 30, creator, state: "COMPLETED", finishedAt: 50 }, shard: 1 }),
            aSession({ session: { id: "c", createdAt: 20, isStartAndEnd: true, state: "COMPLETED", finishedAt: 20 } }),
            aSession({
              session: { id: "d", createdAt: 10, state: "ABORTED", finishedAt: 60 },
              deletedAt: 65,
              updatedAt: 65,
            }),
          ],
        });
        const cases: readonly (readonly [SessionFilter, string])[] = [
          [{}, "a b c d"],
          [{ appId: "app1" }, "b c d"],
          [{ appId: "app" }, ""],
          [{ states: ["COMPLETED", "ABORTED"] }, "b c d"],
          [{ states: [] }, ""],
          [{ creator: "n2" }, "b"],
          [{ deleted: true }, "d"],
          [{ deleted: false }, "a b c"],
          [{ createdAfter: 20, createdBefore: 40 }, "b c"],
          [{ finishedAfter: 50 }, "b d"],
          [{ updatedAfter: 65 }, "a d"],
          [{ updatedAfter: 66 }, "a"],
          [{ updatedAfter: 91 }, ""],
          [{ appId: "app1", states: ["COMPLETED"], deleted: false, finishedAfter: 0, creator: "20210001" }, "c"],
          [{ appId: "app2", updatedAfter: 65, createdBefore: 40 }, ""],
        ];
        for (const [filter, ids] of cases) await expectSessions(store, filter, ids);
        expect(idsOf(await store.approvals.listSessions({ deleted: false }, { at: 30, id: "b" }, 10))).toBe("c");
        expect(idsOf(await store.approvals.pageSessions({ updatedAfter: 50 }, { at: 10, id: "d" }, 10))).toBe("a");
      }),
    );

    it(
      "items by each filter, together all that are set, also those of deleted sessions (R-082)",
      given(async ({ store, writer }) => {
        const node = await writer();
        const [both, second] = [
          [
            { number: "T1", name: "" },
            { number: "T2", name: "" },
          ],
          [{ number: "T2", name: "" }],
        ];
        await node.write({
          sessions: [aSession({ session: { id: "s2" }, deletedAt: 5 })],
          workItems: [
            aWorkItem({ item: { id: "a", createdAt: 40, nodeId: "n2", assignees: both }, updatedAt: 90 }),
            aWorkItem({ item: { id: "b", createdAt: 30, sessionId: "s2", state: "WITHDRAWN" }, shard: 1 }),
            aWorkItem({
              item: { id: "c", createdAt: 20, state: "DONE", finishedAt: 50, assignees: second },
              appId: "app2",
            }),
            aWorkItem({
              item: { id: "d", createdAt: 10, sessionId: "s2", assignees: [], nodeId: "n2" },
              updatedAt: 65,
            }),
          ],
        });
        const cases: readonly (readonly [WorkItemFilter, string])[] = [
          [{}, "a b c d"],
          [{ sessionId: "s2" }, "b d"],
          [{ sessionId: "s" }, ""],
          [{ appId: "app2" }, "c"],
          [{ nodeId: "n2" }, "a d"],
          [{ nodeId: "n2", sessionId: "s2" }, "d"],
          [{ states: ["OPEN"] }, "a d"],
          [{ states: ["DONE", "WITHDRAWN", "CLAIMED"] }, "b c"],
          [{ states: [] }, ""],
          [{ assignee: "T2" }, "a c"],
          [{ assignee: "T1" }, "a b"],
          [{ assignee: "T" }, ""],
          [{ assignee: "T2", states: ["OPEN"] }, "a"],
          [{ createdAfter: 20, createdBefore: 40 }, "b c"],
          [{ finishedAfter: 50 }, "c"],
          [{ finishedAfter: 51 }, ""],
          [{ updatedAfter: 65 }, "a d"],
          [{ updatedAfter: 66 }, "a"],
          [{ updatedAfter: 0, assignee: "T2", appId: "app1", nodeId: "n2", createdAfter: 40 }, "a"],
        ];
        for (const [filter, ids] of cases) await expectItems(store, filter, ids);
        expect(idsOf(await store.approvals.listWorkItems({ assignee: "T1" }, { at: 40, id: "a" }, 10))).toBe("b");
        expect(idsOf(await store.approvals.pageWorkItems({ updatedAfter: 65 }, { at: 10, id: "d" }, 10))).toBe("a");
      }),
    );

    it(
      "items by how their session stands now, together with each other filter (R-063)",
      given(async ({ store, writer }) => {
        const node = await writer();
        const sessions = SESSION_STATES.map((state, shard) =>
          aSession({ shard: shard % 4, session: { id: state, state } }),
        );
        const of = (id: string, createdAt: number, sessionId: string, more: Partial<WorkItem> = {}) =>
          aWorkItem({ item: { id, createdAt, sessionId, ...more }, updatedAt: createdAt * DAY_MS });
        await node.write({
          sessions,
          workItems: [
            of("a", 50, "RUNNING"),
            of("b", 40, "COMPLETED", { state: "DONE" }),
            of("c", 30, "RUNNING", { state: "DONE", assignees: [] }),
            of("d", 20, "ABORTED", { state: "WITHDRAWN", nodeId: "n2" }),
            of("e", 10, "nobody told of it"),
          ],
        });
        const others = SESSION_STATES.filter((state) => state !== "RUNNING");
        const cases: readonly (readonly [WorkItemFilter, string])[] = [
          [{ sessionStates: ["RUNNING"] }, "a c"],
          [{ sessionStates: others }, "b d"],
          [{ sessionStates: SESSION_STATES }, "a b c d"],
          [{ sessionStates: ["DRAFT"] }, ""],
          [{ sessionStates: [] }, ""],
          [{ sessionStates: ["RUNNING"], states: ["DONE"] }, "c"],
          [{ sessionStates: ["ABORTED", "RUNNING"], sessionId: "RUNNING" }, "a c"],
          [{ sessionStates: ["ABORTED"], sessionId: "RUNNING" }, ""],
          [{ sessionStates: ["COMPLETED", "RUNNING"], assignee: "T1" }, "a b"],
          [{ sessionStates: others, updatedAfter: 20 * DAY_MS }, "b d"],
          [{ sessionStates: others, updatedAfter: 21 * DAY_MS, appId: "app1" }, "b"],
          [{ sessionStates: others, nodeId: "n2", createdBefore: 40 }, "d"],
        ];
        for (const [filter, ids] of cases) await expectItems(store, filter, ids);
        const running: WorkItemFilter = { sessionStates: ["RUNNING"] };
        expect(idsOf(await store.approvals.listWorkItems(running, { at: 50, id: "a" }, 10))).toBe("c");
        // The session ends, and nothing is told of the item itself.
        const [, ended] = sessions;
        await node.write({ sessions: [aSession({ ...ended, session: { ...ended!.session, state: "REVOKED" } })] });
        await expectItems(store, running, "");
        await expectItems(store, { sessionStates: ["REVOKED"] }, "a c");
      }),
    );
  });
}
