import { expect, it } from "vitest";
import { anAttemptUnderWay, anInstance, changed, ended } from "../../support/records.ts";
import type { Given } from "./given-store.ts";

/** An instance's way from the active ones to the finished ones, and back. */
export function instanceLifeContract(given: Given): void {
  it(
    "an active instance changes its revision, state, life and deadline",
    given(async ({ store, writer }) => {
      const node = await writer();
      const instance = anInstance();
      await node.write({ createdInstances: [instance] });
      const running = changed(instance, {
        state: "RUNNING",
        wakeAt: 12_345,
        life: { attempt: anAttemptUnderWay(), attemptCount: 1, waitingReason: null, startedAt: 99 },
      });
      await node.write({ changedInstances: [running] });
      expect(await store.queries.getInstance(instance.id)).toEqual(running);
    }),
  );

  it(
    "finished instances leave the active ones and stay readable with their final state",
    given(async ({ store, writer }) => {
      const node = await writer();
      const [finishing, going] = [anInstance({ wakeAt: 5 }), anInstance({ wakeAt: 6 })];
      await node.write({ createdInstances: [finishing, going] });
      const finished = ended(finishing, "COMPLETED", { result: { ok: true } });
      await node.write({ finishedInstances: [finished] });

      expect(await store.actors.loadActiveOf("definition", "all")).toEqual([going]);
      expect(await store.actors.dueWakeups([0], null, 100, 10)).toMatchObject([{ id: going.id }]);
      expect(await store.queries.getInstance(finishing.id)).toEqual(finished);
      expect(await store.actors.loadInstances([finishing.id])).toEqual([finished]);
      expect(await store.queries.listInstances({ states: ["COMPLETED"] }, null, 10)).toEqual([finished]);
    }),
  );

  it(
    "an instance that is created in a final state goes straight to the finished ones",
    given(async ({ store, writer }) => {
      const node = await writer();
      const cancelled = ended(anInstance(), "CANCELLED");
      await node.write({ createdInstances: [cancelled] });
      expect(await store.actors.loadActiveOf("definition", "all")).toEqual([]);
      expect(await store.queries.getInstance(cancelled.id)).toEqual(cancelled);
      expect(await store.queries.listInstances({}, null, 10)).toEqual([cancelled]);
    }),
  );

  it(
    "a revived instance is active again, with its spec unchanged, and can finish again",
    given(async ({ store, writer }) => {
      const node = await writer();
      const instance = anInstance({ spec: { payload: { host: "a" }, labels: { team: "ops" }, uniqueKey: "k" } });
      await node.write({ createdInstances: [instance] });
      const failed = ended(instance, "FAILED", { attemptCount: 4, error: { code: "X", message: "m", traceback: "t" } });
      await node.write({ finishedInstances: [failed] });
      const revived = changed(failed, {
        state: "PENDING",
        wakeAt: 77,
        life: { series: 1, seriesStart: 4, endedAt: null },
      });
      await node.write({ revivedInstances: [revived] });

      expect(await store.actors.loadActiveOf("definition", "keyed")).toEqual([revived]);
      expect(await store.actors.dueWakeups([0], null, 100, 10)).toMatchObject([
        { kind: "instance", id: instance.id, wakeAt: 77 },
      ]);
      expect(await store.queries.listInstances({}, null, 10)).toEqual([revived]);
      expect((await store.queries.getInstance(instance.id))?.spec).toEqual(instance.spec);

      const completed = ended(revived, "COMPLETED");
      await node.write({ finishedInstances: [completed] });
      expect(await store.actors.loadActiveOf("definition", "all")).toEqual([]);
      expect(await store.queries.listInstances({}, null, 10)).toEqual([completed]);
    }),
  );
}
