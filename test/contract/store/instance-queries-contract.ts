import { expect, it } from "vitest";
import type { InstanceSpec } from "../../../src/domain/instance/instance.ts";
import type { InstanceFilter } from "../../../src/ports/store/queries.ts";
import type { Store } from "../../../src/ports/store/store.ts";
import { anAttempt, anInstance, changed, ended } from "../../support/records.ts";
import type { Given } from "./given-store.ts";
import { readPages } from "./pages.ts";

async function idsOf(store: Store, filter: InstanceFilter): Promise<string> {
  return (await store.queries.listInstances(filter, null, 100)).map(({ id }) => id).join(" ");
}

/** What the API reads of instances. */
export function instanceQueriesContract(given: Given): void {
  it(
    "an instance that does not exist is null",
    given(async ({ store }) => {
      expect(await store.queries.getInstance("nobody")).toBeNull();
    }),
  );

  it(
    "active and finished ones are listed together, newest first, those of one instant by id",
    given(async ({ store, writer }) => {
      const node = await writer();
      const same = ["B", "a", "_", "9", "10", "任务"].map((id, index) =>
        anInstance({ id, shard: index % 4, createdAt: 500 }),
      );
      await node.write({
        createdInstances: [
          ...same,
          anInstance({ id: "new", createdAt: 501 }),
          anInstance({ id: "old", createdAt: 499 }),
        ],
      });
      const finishing = same.filter((_, index) => index % 2 === 0);
      await node.write({ finishedInstances: finishing.map((instance) => ended(instance, "COMPLETED")) });
      expect(await idsOf(store, {})).toBe("new 任务 a _ B 9 10 old");
    }),
  );

  it(
    "list pages cover all rows once, in order, active and finished together",
    given(async ({ store, writer }) => {
      const node = await writer();
      const instances = Array.from({ length: 13 }, (_, index) =>
        anInstance({ id: `i${index}`, createdAt: 1000 + (index >> 2) }),
      );
      await node.write({ createdInstances: instances });
      const finishing = instances.filter((_, index) => index % 3 !== 0);
      await node.write({ finishedInstances: finishing.map((instance) => ended(instance, "CANCELLED")) });
      const whole = await idsOf(store, {});
      for (const size of [1, 2, 5, 13, 14]) {
        const rows = await readPages(
          size,
          (after, limit) => store.queries.listInstances({}, after, limit),
          ({ createdAt, id }) => ({ at: createdAt, id }),
        );
        expect(rows.map(({ id }) => id).join(" "), `pages of ${size}`).toBe(whole);
      }
    }),
  );

  it(
    "each filter keeps what it names, together they must all hold, and counting agrees with listing (R-102)",
    given(async ({ store, writer }) => {
      const node = await writer();
      const failing = anInstance({
        id: "c",
        createdAt: 20,
        spec: { userId: "u2", labels: { team: "ops" }, priority: 1 },
      });
      const paused = anInstance({ id: "d", createdAt: 10, spec: { definitionId: null, businessId: "订单-42" } });
      await node.write({
        createdInstances: [
          anInstance({ id: "a", createdAt: 40, spec: { definitionId: "d2", priority: 2 } }),
          anInstance({
            id: "b",
            createdAt: 30,
            shard: 1,
            spec: { labels: { team: "ops", "it's": '"x"' }, businessId: "42" },
          }),
          failing,
          paused,
        ],
      });
      await node.write({
        finishedInstances: [ended(failing, "FAILED")],
        changedInstances: [changed(paused, { state: "PAUSED" })],
      });

      const cases: readonly (readonly [InstanceFilter, string])[] = [
        [{}, "a b c d"],
        [{ definitionId: "definition" }, "b c"],
        [{ definitionId: "d2" }, "a"],
        [{ states: ["FAILED"] }, "c"],
        [{ states: ["PENDING"] }, "a b"],
        [{ states: ["PAUSED", "FAILED", "RUNNING"] }, "c d"],
        [{ states: ["COMPLETED", "TIMED_OUT"] }, ""],
        [{ userId: "u2" }, "c"],
        [{ businessId: "订单-42" }, "d"],
        [{ labels: { team: "ops" } }, "b c"],
        [{ labels: { team: "ops", "it's": '"x"' } }, "b"],
        [{ priorities: [1] }, "c"],
        [{ priorities: [2, 3] }, "a b d"],
        [{ createdAfter: 20 }, "a b c"],
        [{ createdBefore: 20 }, "d"],
        [{ createdAfter: 20, createdBefore: 40 }, "b c"],
        [{ labels: { team: "ops" }, states: ["PENDING"], definitionId: "definition" }, "b"],
        [{ labels: { team: "ops" }, states: ["PENDING"], priorities: [1] }, ""],
      ];
      for (const [filter, ids] of cases) {
        expect(await idsOf(store, filter), JSON.stringify(filter)).toBe(ids);
        expect(await store.queries.countInstances(filter), JSON.stringify(filter)).toBe(
          ids === "" ? 0 : ids.split(" ").length,
        );
      }
      const page = await store.queries.listInstances({ labels: { team: "ops" } }, { at: 30, id: "b" }, 10);
      expect(page.map(({ id }) => id)).toEqual(["c"]);
    }),
  );

  it(
    "a prefix of ids keeps those that begin with it, newest first, with every other filter and in pages",
    given(async ({ store, writer }) => {
      const node = await writer();
      const definitionId = "$dispatch/https://hooks.example.com";
      const digits = "0123456789abcdef0123";
      // The later created one has the lesser id.
      const ids = [`wf_1763791234569_${digits}`, `wf_1763791234568_${digits}`, `wf_1763791234567_${digits}`];
      const dispatches = ids.map((id, index) =>
        anInstance({ id, shard: index, createdAt: 100 * (index + 1), spec: { definitionId, userId: `u${index}` } }),
      );
      const others = ["wf", "wf`", "wf^", "WF_1", "%", "wf_", "01a", "xwf_1"].map((id, index) =>
        anInstance({ id, createdAt: 50 + 100 * index }),
      );
      await node.write({ createdInstances: [...others, ...dispatches] });
      await node.write({ finishedInstances: [ended(dispatches[1]!, "FAILED"), ended(others[5]!, "COMPLETED")] });

      const [first, second, third] = ids;
      const cases: readonly (readonly [InstanceFilter, string])[] = [
        [{ idPrefix: "wf_" }, `wf_ ${third} ${second} ${first}`],
        [{ idPrefix: "wf_1" }, `${third} ${second} ${first}`],
        [{ idPrefix: "wf_1763791234568" }, `${second}`],
        [{ idPrefix: "wf" }, ["wf_", third, "wf^", second, "wf`", first, "wf"].join(" ")],
        [{ idPrefix: "%" }, "%"],
        [{ idPrefix: "wf%" }, ""],
        [{ idPrefix: "wf_", states: ["PENDING"] }, `${third} ${first}`],
        [{ idPrefix: "wf_", states: ["FAILED"] }, `${second}`],
        [{ idPrefix: "wf_", userId: "u0" }, `${first}`],
        [{ idPrefix: "wf_", definitionId }, `${third} ${second} ${first}`],
        [{ definitionId }, `${third} ${second} ${first}`],
        [{ definitionId: "$dispatch/https://hooks.example.co" }, ""],
        [{ idPrefix: "wf_", createdBefore: 300 }, `${second} ${first}`],
      ];
      for (const [filter, expected] of cases) {
        expect(await idsOf(store, filter), JSON.stringify(filter)).toBe(expected);
        const count = expected === "" ? 0 : expected.split(" ").length;
        expect(await store.queries.countInstances(filter), JSON.stringify(filter)).toBe(count);
        const { counts } = await store.queries.instanceStats(filter);
        expect(Object.values(counts).reduce((sum, of) => sum + of, 0)).toBe(count);
      }
      expect(await idsOf(store, { idPrefix: "" })).toBe(await idsOf(store, {}));
      const rows = await readPages(
        1,
        (after, limit) => store.queries.listInstances({ idPrefix: "wf_" }, after, limit),
        ({ createdAt, id }) => ({ at: createdAt, id }),
      );
      expect(rows.map(({ id }) => id)).toEqual(["wf_", third, second, first]);
    }),
  );

  it(
    "pushes are kept by platform, newest first, with every other filter and in pages",
    given(async ({ store, writer }) => {
      const node = await writer();
      const push = (id: string, platformId: string, createdAt: number, spec: Partial<InstanceSpec> = {}) =>
        anInstance({
          id,
          createdAt,
          spec: {
            definitionId: `$push/${createdAt % 3}`,
            action: {
              kind: "push",
              platformId,
              sessionId: "s",
              workItemId: null,
              action: "receive",
              transfer: null,
              note: "",
              origin: "EVENT",
              force: false,
            },
            ...spec,
          },
        });
      const pushes = [
        push("a", "p1", 50, { labels: { work_item: "i1" }, businessId: "s1" }),
        push("b", "p1", 40, { labels: { work_item: "i2" } }),
        push("c", "p1", 30),
        push("d", "p10", 20),
        push("e", "平台 'p1'", 10),
      ];
      await node.write({
        createdInstances: [
          ...pushes,
          anInstance({
            id: "f",
            createdAt: 45,
            spec: { action: { kind: "worker", queue: "$push/p1", disconnectPolicy: "FAIL_AT_ONCE" } },
          }),
          anInstance({ id: "g", createdAt: 35, spec: { definitionId: "$push/1", action: { kind: "external" } } }),
        ],
      });
      await node.write({ finishedInstances: [ended(pushes[1]!, "FAILED"), ended(pushes[2]!, "COMPLETED")] });

      const cases: readonly (readonly [InstanceFilter, string])[] = [
        [{ platformId: "p1" }, "a b c"],
        [{ platformId: "p10" }, "d"],
        [{ platformId: "平台 'p1'" }, "e"],
        [{ platformId: "p" }, ""],
        [{ platformId: "" }, ""],
        [{ platformId: "p1", states: ["FAILED", "TIMED_OUT"] }, "b"],
        [{ platformId: "p1", states: ["PENDING"] }, "a"],
        [{ platformId: "p1", labels: { work_item: "i2" } }, "b"],
        [{ platformId: "p1", businessId: "s1" }, "a"],
        [{ platformId: "p1", createdAfter: 40, createdBefore: 50 }, "b"],
        [{ platformId: "p1", definitionId: "$push/1" }, "b"],
      ];
      for (const [filter, expected] of cases) {
        expect(await idsOf(store, filter), JSON.stringify(filter)).toBe(expected);
        const count = expected === "" ? 0 : expected.split(" ").length;
        expect(await store.queries.countInstances(filter), JSON.stringify(filter)).toBe(count);
      }
      const rows = await readPages(
        1,
        (after, limit) => store.queries.listInstances({ platformId: "p1" }, after, limit),
        ({ createdAt, id }) => ({ at: createdAt, id }),
      );
      expect(rows.map(({ id }) => id)).toEqual(["a", "b", "c"]);
    }),
  );

  it(
    "an instance is listed by its present state only",
    given(async ({ store, writer }) => {
      const node = await writer();
      const instance = anInstance({ id: "i" });
      await node.write({ createdInstances: [instance] });
      const running = changed(instance, { state: "RUNNING" });
      await node.write({ changedInstances: [running] });
      expect(await idsOf(store, { states: ["PENDING"] })).toBe("");
      expect(await idsOf(store, { states: ["RUNNING"] })).toBe("i");
      await node.write({ finishedInstances: [ended(running, "TIMED_OUT")] });
      expect(await idsOf(store, { states: ["RUNNING"] })).toBe("");
      expect(await idsOf(store, { states: ["TIMED_OUT"] })).toBe("i");
      expect(await idsOf(store, {})).toBe("i");
    }),
  );

  it(
    "stats count the states and give the medians and 95th percentiles of completed ones",
    given(async ({ store, writer }) => {
      const node = await writer();
      const completed = Array.from({ length: 20 }, (_, index) => {
        const startedAt = 1_000_000 + 10 * (index + 1);
        const life = { startedAt, endedAt: startedAt + 1000 * (index + 1) };
        return ended(anInstance({ createdAt: 1_000_000 }), "COMPLETED", life);
      });
      // It took long, which must not count; how long it waited is in the middle of the others.
      const failed = ended(anInstance({ createdAt: 1_000_000 }), "FAILED", {
        startedAt: 1_000_105,
        endedAt: 9_000_000_000,
      });
      const alsoFailed = { ...failed, id: `${failed.id}-2` };
      const elsewhere = anInstance({ spec: { definitionId: "another" } });
      await node.write({
        createdInstances: [...completed, failed, alsoFailed, anInstance(), anInstance({ shard: 2 }), elsewhere],
      });

      const stats = await store.queries.instanceStats({ definitionId: "definition" });
      expect(stats.counts).toEqual({ COMPLETED: 20, FAILED: 2, PENDING: 2 });
      // The rank of a percentile that falls between two values is the implementation's choice.
      expect([10_000, 10_500, 11_000]).toContain(stats.durationP50Ms);
      expect(stats.durationP95Ms).toBeGreaterThanOrEqual(19_000);
      expect(stats.durationP95Ms).toBeLessThanOrEqual(20_000);
      expect([100, 105, 110]).toContain(stats.waitP50Ms);
      expect(stats.waitP95Ms).toBeGreaterThanOrEqual(180);
      expect(stats.waitP95Ms).toBeLessThanOrEqual(200);
    }),
  );

  it(
    "stats of nothing are empty",
    given(async ({ store, writer }) => {
      const node = await writer();
      await node.write({ createdInstances: [anInstance()] });
      const nothing = { durationP50Ms: null, durationP95Ms: null, waitP50Ms: null, waitP95Ms: null };
      expect(await store.queries.instanceStats({ definitionId: "nobody" })).toEqual({ counts: {}, ...nothing });
      expect(await store.queries.instanceStats({})).toEqual({ counts: { PENDING: 1 }, ...nothing });
    }),
  );

  it(
    "attempts are listed by number, highest first, in pages",
    given(async ({ store, writer }) => {
      const node = await writer();
      const attempts = [1, 2, 10, 11].map((number) => anAttempt({ instanceId: "i", number }));
      await node.write({ attempts: attempts.slice(0, 2) });
      await node.write({ attempts: [...attempts.slice(2), anAttempt({ instanceId: "j", number: 5 })] });
      const numbers = async (before: number | null, limit: number) =>
        (await store.queries.listAttempts("i", before, limit)).map(({ number }) => number);
      expect(await numbers(null, 10)).toEqual([11, 10, 2, 1]);
      expect(await numbers(null, 3)).toEqual([11, 10, 2]);
      expect(await numbers(2, 3)).toEqual([1]);
      expect(await numbers(1, 3)).toEqual([]);
      expect(await store.queries.listAttempts("nobody", null, 10)).toEqual([]);
    }),
  );
}
