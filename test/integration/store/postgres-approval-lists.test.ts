import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SessionFilter, WorkItemFilter } from "../../../src/ports/store/approvals.ts";
import type { Store } from "../../../src/ports/store/store.ts";
import { startDatabaseUnderTest, type DatabaseUnderTest } from "./postgres-under-test.ts";

const FIRST_AT = 1_763_791_234_567;
const ROWS = 20_000;
/** Each so manieth is of the rare person. */
const STRIDE = 1000;
const DAY_MS = 86_400_000;
const CHANGED_AT = FIRST_AT + 10 * DAY_MS;
const CHANGED = 5000;
const LIMIT = 10;
/** Some of those that changed last are yet to come on this side of history; the others are at its other end. */
const PAST_THE_NEWEST = { at: FIRST_AT + ROWS - CHANGED + 5, id: "" };
const PAST_THE_OLDEST = { at: FIRST_AT + 15, id: "" };
/** Their rows, looks into some indexes, and what the planner looks at. A walk over all meets 700. */
const FEW_PAGES = 150;
/** Of each day as many rows as make a page are looked at, and the session of each: two pages of its index, and its row. */
const SESSIONS_OF_DAYS = 3 * LIMIT * 3;

let database: DatabaseUnderTest;

/** The oldest are of one rare app, creator and session; each so manieth is of one rare person; a quarter changed last, nearly all of it the newest. */
beforeAll(async () => {
  database = await startDatabaseUnderTest();
  const [at, filler] = [`${FIRST_AT}::bigint + n`, `json_build_object('spare', repeat('x', 100))`];
  const updated = `case when n > ${ROWS - CHANGED} or n <= 20 then ${CHANGED_AT}::bigint + n % 3 * ${DAY_MS} else ${at} end`;
  await database.query(
    `insert into belfry.approval_session (id, shard, app_id, state, creator, created_at, updated_at, updated_day, document)
     select case when n = 1 then 'rare' else 's' || n end, 0, case when n <= 50 then 'rare' else 'app' || n % 5 end, 2,
       case when n <= 50 then 'rare' else 'c' || n % 5 end, ${at}, ${updated}, (${updated}) / ${DAY_MS}, ${filler}
     from generate_series(1, ${ROWS}) as n`,
  );
  await database.query(
    `insert into belfry.work_item (id, session_id, shard, app_id, node_id, state, assignees, created_at, updated_at, updated_day, document)
     select md5('i' || n), case when n <= 50 then 'rare' else 's' || n % 5000 end, 0,
       case when n <= 50 then 'rare' else 'app' || n % 5 end, '', 1,
       case when n % ${STRIDE} = 1 then array['rare', 'p'] else array['p' || n % 100] end, ${at}, ${updated}, (${updated}) / ${DAY_MS}, ${filler}
     from generate_series(1, ${ROWS}) as n`,
  );
  await database.query(
    `insert into belfry.push_state (platform_id, third_id, shard, session_id, work_item_id, status, assignees, push_id, at, failures)
     select 'p' || n % 10, md5('t' || n), 0, 's' || n % 1000, '', 'todo', '{}', '', 0, 0
     from generate_series(1, ${ROWS}) as n`,
  );
  for (const table of ["approval_session", "work_item", "push_state"]) {
    await database.query(`vacuum analyze belfry.${table}`);
    await database.query(`alter table belfry.${table} set (autovacuum_enabled = false)`);
  }
  await database.query("select pg_stat_force_next_flush()");
});

afterAll(() => database.stop());

/** Pages of the tables of approvals and of their indexes that were looked at so far, by connections that are closed. */
async function pagesSeen(): Promise<number> {
  const [row] = await database.query<{ pages: number }>(
    `select sum(heap_blks_read + heap_blks_hit + idx_blks_read + idx_blks_hit)::int as pages
     from pg_statio_user_tables where schemaname = 'belfry' and relname in ('approval_session', 'work_item', 'push_state')`,
  );
  return row!.pages;
}

async function expectFewPages(
  read: (store: Store) => Promise<readonly unknown[]>,
  most: number = FEW_PAGES,
): Promise<void> {
  const before = await pagesSeen();
  const store = await database.openStore();
  const rows = await read(store);
  // A connection reports what it did when it ends, at the latest.
  await store.close();
  let pages = 0;
  while (pages === 0) pages = (await pagesSeen()) - before;
  expect(rows.length).toBeGreaterThan(1);
  expect(pages).toBeLessThanOrEqual(most);
}

const SESSIONS: readonly (readonly [string, SessionFilter])[] = [
  ["all", {}],
  ["an app", { appId: "rare" }],
  ["a creator", { creator: "rare" }],
  ["what changed last", { updatedAfter: CHANGED_AT }],
];

const WORK_ITEMS: readonly (readonly [string, WorkItemFilter, most?: number])[] = [
  ["all", {}],
  ["a session", { sessionId: "rare" }],
  ["an app", { appId: "rare" }],
  ["a person", { assignee: "rare" }],
  ["a person, in a state", { assignee: "rare", states: ["OPEN"] }],
  ["what changed last", { updatedAfter: CHANGED_AT }],
  ["sessions that run", { sessionStates: ["RUNNING"] }],
  [
    "what changed last of sessions that run",
    { sessionStates: ["RUNNING"], updatedAfter: CHANGED_AT },
    FEW_PAGES + SESSIONS_OF_DAYS,
  ],
  ["what changed of a session", { updatedAfter: FIRST_AT, sessionId: "rare" }],
  ["what changed of a person", { updatedAfter: FIRST_AT, assignee: "rare" }],
];

describe.each(SESSIONS)(
  "of sessions of %s a page reads what it gives, and not what is older or newer (R-085)",
  (_what, filter) => {
    it("newest first", () => expectFewPages((store) => store.approvals.listSessions(filter, null, LIMIT)));
    it("oldest first", () => expectFewPages((store) => store.approvals.pageSessions(filter, null, LIMIT)));
    it("newest first, past the newest", () =>
      expectFewPages((store) => store.approvals.listSessions(filter, PAST_THE_NEWEST, LIMIT)));
    it("oldest first, past the oldest", () =>
      expectFewPages((store) => store.approvals.pageSessions(filter, PAST_THE_OLDEST, LIMIT)));
  },
);

describe.each(WORK_ITEMS.map(([what, filter, most = FEW_PAGES]) => ({ what, filter, most })))(
  "of items of $what a page reads what it gives, and not what is older or newer (R-078, R-085)",
  ({ filter, most }) => {
    it("newest first", () => expectFewPages((store) => store.approvals.listWorkItems(filter, null, LIMIT), most));
    it("oldest first", () => expectFewPages((store) => store.approvals.pageWorkItems(filter, null, LIMIT), most));
    it("newest first, past the newest", () =>
      expectFewPages((store) => store.approvals.listWorkItems(filter, PAST_THE_NEWEST, LIMIT), most));
    it("oldest first, past the oldest", () =>
      expectFewPages((store) => store.approvals.pageWorkItems(filter, PAST_THE_OLDEST, LIMIT), most));
  },
);

it("the items of some sessions are read, and no others", () =>
  expectFewPages((store) => store.approvals.loadWorkItems({ sessionIds: ["s7", "s8"] })));

it("what platforms were told of a session is read, and no more", () =>
  expectFewPages((store) => store.approvals.loadPushStates("s7")));

it("what a platform was told of some sessions is read, and no more", () =>
  expectFewPages((store) => store.approvals.loadPushStatesOfSessions("p7", ["s7", "s17"])));
