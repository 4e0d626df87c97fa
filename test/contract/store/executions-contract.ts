import { expect, it } from "vitest";
import type { InstanceLife, InstanceSpec } from "../../../src/domain/instance/instance.ts";
import type { ExecutionStatsQuery, InstanceFilter } from "../../../src/ports/store/queries.ts";
import type { Store } from "../../../src/ports/store/store.ts";
import { anInstance, changed, ended } from "../../support/records.ts";
import type { Given } from "./given-store.ts";
import { readPages } from "./pages.ts";

function anExecution(
  id: string,
  createdAt: number,
  spec: Partial<InstanceSpec> = {},
  life: Partial<InstanceLife> = {},
) {
  const made = anInstance({
    id,
    createdAt,
    shard: createdAt % 4,
    spec: {
      definitionId: `$execution/${createdAt % 4}`,
      action: { kind: "external" },
      name: "billing.collect",
      ...spec,
    },
  });
  return { ...made, life: { ...made.life, ...life } };
}

async function idsOf(store: Store, filter: InstanceFilter): Promise<string> {
  return (await store.queries.listInstances(filter, null, 100)).map(({ id }) => id).join(" ");
}

/** Executions: instances that run elsewhere. */
export function executionsContract(given: Given): void {
  it(
    "R-134, R-138: executions are kept by module, name, text and metadata, newest first, with every other filter and in pages",
    given(async ({ store, writer }) => {
      const node = await writer();
      const a = anExecution("a", 80, { labels: { module: "billing" }, userId: "u1" }, { metadata: { order_id: "42" } });
      const b = anExecution(
        "b",
        70,
        { labels: { module: "billing" }, name: "订单.Import" },
        { metadata: { order_id: 42, steps: ["one", { name: "two" }], at: { host: "h", port: 1 } } },
      );
      const c = anExecution(
        "c",
        60,
        { labels: { module: "news" }, businessId: "o-7" },
        { metadata: { order_id: "42" } },
      );
      const d = anExecution("celery-1", 50);
      const other = anInstance({
        id: "celery-2",
        createdAt: 55,
        spec: { labels: { module: "billing" }, name: "billing.collect" },
      });
      await node.write({ createdInstances: [a, b, c, d, other] });
      await node.write({ finishedInstances: [ended(b, "FAILED", b.life), ended(c, "COMPLETED", c.life)] });

      const cases: readonly (readonly [NonNullable<InstanceFilter["execution"]>, string])[] = [
        [{}, "a b c celery-1"],
        [{ module: "billing" }, "a b"],
        [{ module: "bill" }, ""],
        [{ module: "" }, ""],
        [{ name: "billing.collect" }, "a c celery-1"],
        [{ search: "celery" }, "celery-1"],
        [{ search: "COLL" }, "a c celery-1"],
        [{ search: "c" }, "a c celery-1"],
        [{ search: "订单" }, "b"],
        [{ search: "import" }, "b"],
        [{ search: "%" }, ""],
        [{ search: "nothing of the kind" }, ""],
        [{ metadata: { order_id: "42" } }, "a c"],
        [{ metadata: { order_id: 42 } }, "b"],
        [{ metadata: { order_id: null } }, ""],
        [{ metadata: { steps: ["one"] } }, "b"],
        [{ metadata: { steps: [{ name: "two" }], at: { host: "h" } } }, "b"],
        [{ metadata: { at: { host: "h", port: 2 } } }, ""],
        [{ metadata: { steps: "one" } }, ""],
        [{ module: "news", metadata: { order_id: "42" }, search: "bill" }, "c"],
      ];
      for (const [execution, expected] of cases) {
        expect(await idsOf(store, { execution }), JSON.stringify(execution)).toBe(expected);
        const count = expected === "" ? 0 : expected.split(" ").length;
        expect(await store.queries.countInstances({ execution }), JSON.stringify(execution)).toBe(count);
      }
      expect(await idsOf(store, { execution: {}, states: ["FAILED", "TIMED_OUT"] })).toBe("b");
      expect(await idsOf(store, { execution: {}, states: ["PENDING"], userId: "u1" })).toBe("a");
      expect(await idsOf(store, { execution: {}, businessId: "o-7" })).toBe("c");
      expect(await idsOf(store, { execution: {}, createdAfter: 60, createdBefore: 80 })).toBe("b c");
      const rows = await readPages(
        1,
        (after, limit) => store.queries.listInstances({ execution: { name: "billing.collect" } }, after, limit),
        ({ createdAt, id }) => ({ at: createdAt, id }),
      );
      expect(rows.map(({ id }) => id)).toEqual(["a", "c", "celery-1"]);
    }),
  );

  it(
    "R-128: executions that run are read in pages, while some of them end and others are registered",
    given(async ({ store, writer }) => {
      const node = await writer();
      const running = Array.from({ length: 7 }, (_, n) => ({
        ...anExecution(`r${n}`, 10 + n),
        state: "RUNNING" as const,
      }));
      const waiting = anExecution("w", 12);
      const elsewhere = anInstance({ id: "x", createdAt: 13, spec: { action: { kind: "external" } } });
      await node.write({
        createdInstances: [
          ...running,
          waiting,
          { ...elsewhere, state: "RUNNING" },
          { ...anExecution("new", 20), state: "RUNNING" },
        ],
      });
      const filter: InstanceFilter = { execution: {}, states: ["RUNNING"], createdBefore: 17 };
      const first = await store.queries.listInstances(filter, null, 3);
      expect(first.map(({ id }) => id)).toEqual(["r6", "r5", "r4"]);
      // What was looked at ends, and so does one that was not; others come.
      await node.write({
        finishedInstances: [...first, running[2]!].map((each) => ended(each, "FAILED")),
        createdInstances: [{ ...anExecution("late", 30), state: "RUNNING" }],
      });
      const next = await store.queries.listInstances(filter, { at: 14, id: "r4" }, 3);
      expect(next.map(({ id }) => id)).toEqual(["r3", "r1", "r0"]);
      expect(await store.queries.listInstances(filter, { at: 10, id: "r0" }, 3)).toEqual([]);
    }),
  );

  it(
    "R-126: what is added to an execution that has ended is there, is found by, and is written once",
    given(async ({ store, writer }) => {
      const node = await writer();
      const made = anExecution("a", 10);
      const done = ended(made, "COMPLETED");
      await node.write({ createdInstances: [made] });
      await node.write({ finishedInstances: [done] });
      const later = { ...done, revision: done.revision + 1, life: { ...done.life, metadata: { order_id: "42" } } };
      await node.write({ amendedInstances: [later] });
      expect(await store.queries.getInstance("a")).toEqual(later);
      expect(await idsOf(store, { execution: { metadata: { order_id: "42" } } })).toBe("a");
    }),
  );

  it(
    "what is added to an instance that has not ended breaks the whole batch",
    given(async ({ store, writer }) => {
      const node = await writer();
      const made = anExecution("a", 10);
      await node.write({ createdInstances: [made] });
      await expect(
        node.write({ amendedInstances: [ended(made, "COMPLETED")], createdInstances: [anExecution("b", 20)] }),
      ).rejects.toThrow(/amended/);
      expect(await idsOf(store, {})).toBe("a");
    }),
  );

  it(
    "a name or metadata that the database cannot search in breaks no commit",
    given(async ({ store, writer }) => {
      const node = await writer();
      const strange = anExecution("a", 10, { payload: { text: "\0" }, name: "b\0c" }, { metadata: { "\0": "\uD800" } });
      await node.write({ createdInstances: [strange] });
      await node.write({ finishedInstances: [ended(strange, "COMPLETED", strange.life)] });
      expect(await idsOf(store, { execution: {} })).toBe("a");
    }),
  );

  const ALL: Omit<ExecutionStatsQuery, "filter"> = { edges: [0], grouping: null, maxGroups: 10, limit: 1000 };

  it(
    "R-134: stats put executions in buckets by creation, count states, and give percentiles of durations and groups",
    given(async ({ store, writer }) => {
      const node = await writer();
      const made = [5, 10, 19, 20, 25, 40].map((at) =>
        anExecution(
          `e${at}`,
          at,
          { labels: { module: at < 20 ? "m1" : "m2" } },
          { metadata: { order_id: at % 2 === 0 ? "even" : 7 } },
        ),
      );
      await node.write({ createdInstances: [...made, anInstance({ createdAt: 15 })] });
      const [, second, third, fourth, fifth] = made;
      const took = (ms: number) => ({ startedAt: 100, endedAt: 100 + ms });
      await node.write({
        finishedInstances: [
          ended(second!, "COMPLETED", { ...second!.life, ...took(1000) }),
          ended(third!, "COMPLETED", { ...third!.life, ...took(3000) }),
          ended(fourth!, "FAILED", { ...fourth!.life, ...took(90_000) }),
          ended(fifth!, "COMPLETED", { ...fifth!.life, startedAt: null, endedAt: 500 }),
        ],
      });
      const stats = await store.queries.executionStats({
        ...ALL,
        filter: { execution: {} },
        edges: [10, 20, 30],
        grouping: { by: "module" },
      });
      expect(stats.buckets).toEqual([{ COMPLETED: 2 }, { FAILED: 1, COMPLETED: 1 }, { PENDING: 1 }]);
      expect(stats).toMatchObject({ counted: 5, oldestAt: 10, durationP50Ms: 1000, durationP95Ms: 3000 });
      expect(stats.groups).toEqual([
        {
          value: "m2",
          counts: { FAILED: 1, COMPLETED: 1, PENDING: 1 },
          latestId: "e40",
          latestState: "PENDING",
          latestAt: 40,
        },
        { value: "m1", counts: { COMPLETED: 2 }, latestId: "e19", latestState: "COMPLETED", latestAt: 19 },
      ]);
      const byOrder = await store.queries.executionStats({
        ...ALL,
        filter: { execution: {} },
        grouping: { by: "metadata", key: "order_id" },
        maxGroups: 1,
      });
      expect(byOrder.groups.map(({ value, latestId }) => [value, latestId])).toEqual([["even", "e40"]]);
    }),
  );

  it(
    "groups are of values that can be business ids: one of more than a thousand bytes is of none",
    given(async ({ store, writer }) => {
      const node = await writer();
      const values = ["y".repeat(1000), "z".repeat(1001), "长".repeat(334), { a: 1 }];
      await node.write({
        createdInstances: values.map((key, index) => anExecution(`e${index}`, index, {}, { metadata: { key } })),
      });
      const grouping = { by: "metadata", key: "key" } as const;
      const stats = await store.queries.executionStats({ ...ALL, filter: { execution: {} }, grouping });
      expect(stats.counted).toBe(4);
      expect(stats.groups.map(({ latestId }) => latestId)).toEqual(["e3", "e0"]);
    }),
  );

  it(
    "stats look at the newest alone when there are more than they may, and keep to the filter",
    given(async ({ store, writer }) => {
      const node = await writer();
      const made = Array.from({ length: 9 }, (_, index) =>
        anExecution(`e${index}`, 10 + index, { labels: { module: "m" }, userId: index < 5 ? "u" : "v" }),
      );
      await node.write({ createdInstances: made });
      await node.write({
        finishedInstances: made.filter((_, index) => index % 2 === 0).map((each) => ended(each, "COMPLETED")),
      });
      const newest = await store.queries.executionStats({ ...ALL, filter: { execution: {} }, limit: 4 });
      expect(newest).toMatchObject({ counted: 4, oldestAt: 15, buckets: [{ COMPLETED: 2, PENDING: 2 }] });
      const own = await store.queries.executionStats({
        ...ALL,
        filter: { execution: { module: "m" }, userId: "u", states: ["COMPLETED"] },
      });
      expect(own).toMatchObject({ counted: 3, buckets: [{ COMPLETED: 3 }], groups: [] });
    }),
  );

  it(
    "stats of nothing are empty buckets",
    given(async ({ store }) => {
      expect(await store.queries.executionStats({ ...ALL, filter: { execution: {} }, edges: [1, 2] })).toEqual({
        buckets: [{}, {}],
        durationP50Ms: null,
        durationP95Ms: null,
        groups: [],
        counted: 0,
        oldestAt: null,
      });
    }),
  );
  it(
    "an execution whose state changes keeps its place",
    given(async ({ store, writer }) => {
      const node = await writer();
      const made = anExecution("a", 10, { labels: { module: "m" } });
      await node.write({ createdInstances: [made] });
      const running = changed(made, { state: "RUNNING", life: { ...made.life, metadata: { step: 1 } } });
      await node.write({ changedInstances: [running] });
      expect(await idsOf(store, { execution: { module: "m", metadata: { step: 1 } } })).toBe("a");
      expect(await idsOf(store, { execution: { module: "m" }, states: ["PENDING"] })).toBe("");
    }),
  );
}
