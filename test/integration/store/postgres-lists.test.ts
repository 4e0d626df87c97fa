import { afterAll, beforeAll, expect, it } from "vitest";
import type { InstanceFilter, ListCursor } from "../../../src/ports/store/queries.ts";
import { startDatabaseUnderTest, type DatabaseUnderTest } from "./postgres-under-test.ts";

const FIRST_AT = 1_763_791_234_567;
const DISPATCHES = 2_000;
const PUSHES = 2_000;
const EXECUTIONS = 2_000;
/** Who is no dispatch, push or execution is newer than all of them. */
const OTHERS = DISPATCHES + PUSHES + EXECUTIONS;
const LIMIT = 10;
/** Of two tables: their rows, a look into an index or two, and what the planner looks at. A walk over all others meets 150 a table. */
const FEW_PAGES = 60;

let database: DatabaseUnderTest;

/** The oldest are dispatches, and then pushes: who goes from the newest on to the first of them meets all others. */
beforeAll(async () => {
  database = await startDatabaseUnderTest();
  const columns = (own: string) =>
    `id, shard, definition_id, user_id, business_id, labels, priority, keyed, created_at, revision, spec, life, ${own}`;
  const rows = (of: string) => `
    case when n <= ${DISPATCHES} then 'wf_' || (${FIRST_AT}::bigint + n) || '_' || substr(md5('${of}' || n), 1, 20)
      else md5('${of}' || n) end,
    0, case when n <= ${DISPATCHES} then '$dispatch/https://' || n % 500
      when n <= ${DISPATCHES + PUSHES} then '$push/' || n % 128
      when n <= ${OTHERS} then '$execution/' || n % 128 else 'd' || n % 5 end, '', '',
    case when n > ${DISPATCHES + PUSHES} and n <= ${OTHERS} then jsonb_build_object('module', 'm' || n / 100)
      else '{}'::jsonb end, 3, false,
    ${FIRST_AT}::bigint + n, 1, case when n > ${DISPATCHES} and n <= ${DISPATCHES + PUSHES}
      then json_build_object('name', 'n', 'action', json_build_object('kind', 'push', 'platformId', 'p' || n / 100))
      when n > ${DISPATCHES + PUSHES} and n <= ${OTHERS}
      then json_build_object('name', 'task.' || n / 100, 'action', json_build_object('kind', 'external'))
      else '{"name":"n","action":{"kind":"external"}}'::json end,
    case when n > ${DISPATCHES + PUSHES} and n <= ${OTHERS}
      then json_build_object('stateAt', 1, 'openedAt', 1, 'metadata', json_build_object('order_id', (n / 10)::text))
      else '{"stateAt":1,"openedAt":1}'::json end`;
  await database.query(
    `insert into belfry.instance (${columns("state")}) select ${rows("a")}, 1 from generate_series(1, 20000) as n`,
  );
  await database.query(
    `insert into belfry.finished_instance (${columns("state, ended_at")})
     select ${rows("b")}, 5, 0 from generate_series(1, 20000) as n`,
  );
  for (const table of ["instance", "finished_instance"]) {
    await database.query(`alter table belfry.${table} set (autovacuum_enabled = false)`);
    await database.query(`analyze belfry.${table}`);
  }
  await database.query("select pg_stat_force_next_flush()");
});

afterAll(() => database.stop());

/** Pages of the tables of instances and of their indexes that were looked at so far, by connections that are closed. */
async function pagesSeen(): Promise<number> {
  const [row] = await database.query<{ pages: number }>(
    `select sum(heap_blks_read + heap_blks_hit + idx_blks_read + idx_blks_hit)::int as pages
     from pg_statio_user_tables where schemaname = 'belfry' and relname in ('instance', 'finished_instance')`,
  );
  return row!.pages;
}

const CASES: readonly (readonly [string, InstanceFilter, ListCursor | null])[] = [
  ["dispatches", { idPrefix: "wf_" }, null],
  ["dispatches, from the middle on", { idPrefix: "wf_" }, { at: FIRST_AT + DISPATCHES / 2, id: "wf_" }],
  ["dispatches in a state", { idPrefix: "wf_", states: ["COMPLETED"] }, null],
  ["dispatches of a few instants", { idPrefix: `wf_${Math.floor((FIRST_AT + DISPATCHES / 2) / 10)}` }, null],
  ["instances by any other prefix", { idPrefix: "0a1" }, null],
  ["pushes to one platform", { platformId: "p25" }, null],
  ["pushes to one platform in a state", { platformId: "p25", states: ["COMPLETED"] }, null],
  ["pushes to one platform, from the middle on", { platformId: "p25" }, { at: FIRST_AT + 2550, id: "" }],
  ["dispatches to one destination", { definitionId: "$dispatch/https://77" }, null],
  ["executions", { execution: {} }, null],
  ["executions, from the middle on", { execution: {} }, { at: FIRST_AT + 5000, id: "" }],
  [
    "executions that have not ended, those registered before a time",
    { execution: {}, states: ["PENDING", "RUNNING", "BACKING_OFF"], createdBefore: FIRST_AT + 5500 },
    null,
  ],
  ["executions of one module", { execution: { module: "m45" } }, null],
  ["executions with one name", { execution: { name: "task.45" } }, null],
  ["executions with one name in a state", { execution: { name: "task.45" }, states: ["COMPLETED"] }, null],
  [
    "executions that have ended, by metadata",
    { execution: { metadata: { order_id: "450" } }, states: ["COMPLETED"] },
    null,
  ],
];

it.each(CASES)("a list of %s reads what it gives, and not what is newer", async (_what, filter, after) => {
  const before = await pagesSeen();
  const store = await database.openStore();
  const listed = await store.queries.listInstances(filter, after, LIMIT);
  // A connection reports what it did when it ends, at the latest.
  await store.close();
  let pages = 0;
  while (pages === 0) pages = (await pagesSeen()) - before;

  expect(listed.length).toBeGreaterThan(1);
  expect(pages).toBeLessThanOrEqual(FEW_PAGES);
});

it("R-134: executions are searched by text through their names, which are few", async () => {
  const store = await database.openStore();
  const found = await store.queries.listInstances({ execution: { search: "ASK.45" } }, null, LIMIT);
  await store.close();
  expect(new Set(found.map(({ spec }) => spec.name))).toEqual(new Set(["task.45"]));
  expect(found).toHaveLength(LIMIT);
});
