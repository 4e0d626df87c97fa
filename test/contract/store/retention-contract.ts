import { expect, it } from "vitest";
import type { InstanceRecord } from "../../../src/domain/instance/instance.ts";
import type { ListCursor } from "../../../src/ports/store/queries.ts";
import type { OccurrenceCursor, OldInstances, Removal, RetentionCutoffs } from "../../../src/ports/store/retention.ts";
import type { Store } from "../../../src/ports/store/store.ts";
import {
  aDefinition,
  aSupervisor,
  anAttempt,
  anInstance,
  anOccurrence,
  changed,
  ended,
} from "../../support/records.ts";
import type { ShardWriter } from "../../support/shard-writer.ts";
import type { Given } from "./given-store.ts";

const CUTOFF = 1_000_000;

/** Created and ended at these times, with an attempt. */
async function aFinished(
  node: ShardWriter,
  id: string,
  { createdAt = 10, endedAt = CUTOFF - 1, userId = "" } = {},
): Promise<InstanceRecord> {
  const record = ended(anInstance({ id, createdAt, spec: { userId } }), "COMPLETED", { endedAt });
  await node.write({ createdInstances: [record], attempts: [anAttempt({ instanceId: id })] });
  return record;
}

async function instancesIn(store: Store): Promise<string> {
  return (await store.queries.listInstances({}, null, 100)).map(({ id }) => id).join(" ");
}

/** Walks to the end. @returns what each step removed. */
async function walk<Cursor>(step: (after: Cursor | null) => Promise<Removal<Cursor>>): Promise<readonly number[]> {
  const removed: number[] = [];
  for (let after: Cursor | null = null, isFirst = true; after !== null || isFirst; isFirst = false) {
    const { removed: count, next }: Removal<Cursor> = await step(after);
    removed.push(count);
    after = next;
  }
  return removed;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((all, count) => all + count, 0);
}

/** What leaves the store for good. */
export function retentionContract(given: Given): void {
  const EVERYBODYS: OldInstances = { endedBefore: CUTOFF, of: { except: [] } };

  it(
    "R-130: finished instances that ended before the cutoff are removed with their attempts, and nothing else is",
    given(async ({ store, writer }) => {
      const node = await writer();
      for (const id of ["a", "b"]) await aFinished(node, id);
      await aFinished(node, "ended later", { endedAt: CUTOFF });
      await aFinished(node, "young", { createdAt: CUTOFF + 1, endedAt: CUTOFF + 2 });
      const waiting = anInstance({ id: "waiting", createdAt: 5 });
      const paused = changed(anInstance({ id: "paused", createdAt: 4 }), { state: "PAUSED" });
      await node.write({
        createdInstances: [waiting, paused],
        attempts: [anAttempt({ instanceId: "waiting" }), anAttempt({ instanceId: "a", number: 2 })],
      });

      expect(sum(await walk<ListCursor>((after) => store.retention.removeInstances(EVERYBODYS, after, 10)))).toBe(2);

      expect(await instancesIn(store)).toBe("young ended later waiting paused");
      expect(await store.queries.getInstance("a")).toBeNull();
      const attempts = await Promise.all(
        ["a", "b", "waiting", "young", "ended later"].map((id) => store.queries.listAttempts(id, null, 10)),
      );
      expect(attempts.map(({ length }) => length)).toEqual([0, 0, 1, 1, 1]);
      expect(await walk<ListCursor>((after) => store.retention.removeInstances(EVERYBODYS, after, 10))).toEqual([0]);
    }),
  );

  it(
    "R-130: they are removed in batches, oldest first; each looks at no more than it may and says where the next goes on",
    given(async ({ store, writer }) => {
      const node = await writer();
      for (let number = 0; number < 7; number++) {
        // Some of one instant, and some that ended too late to go.
        const endedAt = number % 3 === 1 ? CUTOFF + 5 : CUTOFF - 5;
        await aFinished(node, `i${number}`, { createdAt: 10 + Math.floor(number / 2), endedAt });
      }
      const first = await store.retention.removeInstances(EVERYBODYS, null, 3);
      expect(first).toEqual({ removed: 2, next: { at: 11, id: "i2" } });
      expect(await instancesIn(store)).toBe("i6 i5 i4 i3 i1");
      const second = await store.retention.removeInstances(EVERYBODYS, first.next, 3);
      expect(second).toEqual({ removed: 2, next: { at: 12, id: "i5" } });
      expect(await store.retention.removeInstances(EVERYBODYS, second.next, 3)).toEqual({ removed: 1, next: null });
      expect(await instancesIn(store)).toBe("i4 i1");
    }),
  );

  it(
    "instances of one user alone are removed, or of everybody but some",
    given(async ({ store, writer }) => {
      const node = await writer();
      for (const userId of ["", "u1", "u2", "u3"]) {
        await aFinished(node, `of ${userId}`, { userId });
        await aFinished(node, `young of ${userId}`, { userId, endedAt: CUTOFF + 1 });
      }
      const remove = (of: OldInstances["of"]) =>
        walk<ListCursor>((after) => store.retention.removeInstances({ endedBefore: CUTOFF, of }, after, 1));
      expect(sum(await remove({ user: "u1" }))).toBe(1);
      expect(await store.queries.getInstance("of u1")).toBeNull();
      expect(sum(await remove({ user: "nobody" }))).toBe(0);
      expect(sum(await remove({ except: ["u2", "nobody"] }))).toBe(2);
      expect(await instancesIn(store)).toBe("young of u3 young of u2 young of u1 young of  of u2");
    }),
  );

  it(
    "of some ids those are removed that have ended, whenever that was",
    given(async ({ store, writer }) => {
      const node = await writer();
      await aFinished(node, "a", { endedAt: CUTOFF + 1000 });
      await aFinished(node, "b");
      await node.write({ createdInstances: [anInstance({ id: "waiting" })] });
      expect(await store.retention.removeFinished(["a", "waiting", "nobody", "a"])).toBe(1);
      expect(await store.retention.removeFinished([])).toBe(0);
      expect((await instancesIn(store)).split(" ").toSorted()).toEqual(["b", "waiting"]);
      expect(await store.queries.listAttempts("a", null, 10)).toEqual([]);
    }),
  );

  it(
    "an instance that is revived by who read it before it was removed is there again, whole, and can finish again",
    given(async ({ store, writer }) => {
      const node = await writer();
      const read = await aFinished(node, "a", { userId: "u" });
      await store.retention.removeFinished(["a"]);
      const revived = changed(read, { state: "PENDING", wakeAt: 70, life: { series: 1, endedAt: null } });
      await node.write({ revivedInstances: [revived] });
      expect(await store.queries.listInstances({ userId: "u" }, null, 10)).toEqual([revived]);
      expect(await store.actors.dueWakeups([0], null, 100, 10)).toMatchObject([{ id: "a", wakeAt: 70 }]);
      const completed = ended(revived, "COMPLETED");
      await node.write({ finishedInstances: [completed], attempts: [anAttempt({ instanceId: "a", number: 2 })] });
      expect(await store.queries.getInstance("a")).toEqual(completed);
    }),
  );

  it(
    "what is added to an instance that was removed is lost with it, and the rest of the batch is written",
    given(async ({ store, writer }) => {
      const node = await writer();
      const [gone, kept] = [await aFinished(node, "gone"), await aFinished(node, "kept")];
      await store.retention.removeFinished(["gone"]);
      const later = [gone, kept].map((each) => ({
        ...each,
        revision: each.revision + 1,
        life: { ...each.life, metadata: { late: true } },
      }));
      await node.write({ amendedInstances: later });
      expect(await store.actors.loadInstances(["gone", "kept"])).toEqual([later[1]]);
    }),
  );

  it(
    "another instance may have the id of one that was removed",
    given(async ({ store, writer }) => {
      const node = await writer();
      await aFinished(node, "a");
      await store.retention.removeFinished(["a"]);
      const again = anInstance({ id: "a", createdAt: 99 });
      await node.write({ createdInstances: [again] });
      expect(await store.queries.getInstance("a")).toEqual(again);
    }),
  );

  it(
    "occurrences that were due and decided before the cutoff are removed, but not those of which something is still to come",
    given(async ({ store, writer }) => {
      const node = await writer();
      await node.write({ createdInstances: [anInstance({ id: "runs", createdAt: 5 })] });
      await aFinished(node, "ran");
      const at = CUTOFF - 100;
      await node.write({
        occurrences: [
          anOccurrence({ scheduledAt: at, instanceId: "ran" }),
          anOccurrence({ scheduledAt: at + 1, instanceId: "removed long ago" }),
          anOccurrence({ scheduledAt: at + 2, outcome: "MISSED" }),
          anOccurrence({ scheduledAt: at + 3, instanceId: "runs" }),
          anOccurrence({ scheduledAt: at + 4, outcome: "BUFFERED", instanceId: "waits" }),
          anOccurrence({ scheduledAt: at + 5, decidedAt: CUTOFF }),
          anOccurrence({ scheduledAt: CUTOFF }),
          anOccurrence({ scheduledAt: CUTOFF + 1, decidedAt: at }),
        ],
      });
      const cutoffs: RetentionCutoffs = { everybody: CUTOFF, users: new Map() };
      expect(sum(await walk<OccurrenceCursor>((after) => store.retention.removeOccurrences(cutoffs, after, 100)))).toBe(
        3,
      );
      const left = await store.queries.listOccurrences({ definitionId: "definition" }, null, 100);
      expect(left.map(({ scheduledAt }) => scheduledAt - at)).toEqual([101, 100, 5, 4, 3]);
    }),
  );

  it(
    "occurrences are kept as long as the user of their definition keeps things; those without a definition as long as everybody does",
    given(async ({ store, writer }) => {
      const node = await writer();
      const definitions = ["", "u1", "u2"].map((userId) => aDefinition({ id: `of ${userId}`, spec: { userId } }));
      await node.write({ definitions, supervisors: definitions.map((each) => aSupervisor(each)) });
      const ids = [...definitions.map(({ id }) => id), "a definition that is gone"];
      await node.write({
        occurrences: ids.flatMap((definitionId) =>
          [100, 200, 300, 400].map((scheduledAt) => anOccurrence({ definitionId, scheduledAt })),
        ),
      });
      const cutoffs: RetentionCutoffs = {
        everybody: 300,
        users: new Map([
          ["u1", 200],
          ["u2", 400],
          ["u3", 0],
        ]),
      };
      for (const size of [1, 2, 3, 100]) {
        await walk<OccurrenceCursor>((after) => store.retention.removeOccurrences(cutoffs, after, size));
        const left = await Promise.all(
          ids.map(async (definitionId) => (await store.queries.listOccurrences({ definitionId }, null, 10)).length),
        );
        expect(left, `steps of ${size}`).toEqual([2, 3, 1, 2]);
        await node.write({
          occurrences: ids.map((definitionId) => anOccurrence({ definitionId, scheduledAt: 100 })),
        });
      }
    }),
  );

  it(
    "occurrences of many definitions are removed in batches that miss none, whatever their size",
    given(async ({ store, writer }) => {
      for (const size of [1, 4, 5, 7, 1000]) {
        const node = await writer(`writer ${size}`);
        const ids = Array.from({ length: 12 }, (_, number) => `definition ${number}`);
        await node.write({
          occurrences: ids.flatMap((definitionId, number) =>
            Array.from({ length: number % 5 }, (_, n) => anOccurrence({ definitionId, scheduledAt: CUTOFF - 1 - n })),
          ),
        });
        const cutoffs: RetentionCutoffs = { everybody: CUTOFF, users: new Map() };
        const steps = await walk<OccurrenceCursor>((after) => store.retention.removeOccurrences(cutoffs, after, size));
        expect(sum(steps), `steps of ${size}`).toBe(21);
        expect(Math.max(...steps)).toBeLessThanOrEqual(size);
        await store.shards.release(`writer ${size}`, node.held);
      }
    }),
  );

  it(
    "the oldest events of a shard are removed up to a sequence, and the log goes on as if nothing had happened",
    given(async ({ store, writer }) => {
      const node = await writer();
      for (const name of ["a", "b", "c", "d", "e"]) {
        await node.write({ events: [...node.announce(1, name), ...node.announce(2, name)] });
      }
      expect(await store.retention.removeEvents(1, 3, 2)).toEqual({ removed: 2, more: true });
      expect(await store.retention.removeEvents(1, 3, 2)).toEqual({ removed: 1, more: false });
      expect(await store.retention.removeEvents(1, 3, 2)).toEqual({ removed: 0, more: false });
      const bounds = async () => (await store.queries.eventBounds()).find(({ shard }) => shard === 1);
      expect(await bounds()).toEqual({ shard: 1, first: 4, last: 5 });
      expect((await store.queries.readEvents(1, 0, 10)).map(({ name }) => name)).toEqual(["d", "e"]);
      expect((await store.queries.readEvents(1, 4, 10)).map(({ name }) => name)).toEqual(["e"]);
      expect((await store.queries.readEvents(2, 0, 10)).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);

      expect(await store.retention.removeEvents(1, 99, 10)).toEqual({ removed: 2, more: false });
      expect(await bounds()).toEqual({ shard: 1, first: 0, last: 5 });
      expect(await store.queries.readEvents(1, 0, 10)).toEqual([]);
      expect(await store.cursors.lastBefore([1], 0)).toEqual([{ shard: 1, sequence: 5 }]);
      await node.write({ events: node.announce(1, "f") });
      expect(await bounds()).toEqual({ shard: 1, first: 6, last: 6 });
      expect((await store.queries.readEvents(1, 0, 10)).map(({ name, sequence }) => [name, sequence])).toEqual([
        ["f", 6],
      ]);
    }),
  );
}
