import { expect, it } from "vitest";
import {
  aDefinition,
  aSupervisor,
  anAttempt,
  anAttemptUnderWay,
  anEntry,
  anInstance,
  changed,
  ended,
} from "../../support/records.ts";
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
    "finished instances leave the active ones and stay readable with their final state (R-093)",
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

  it(
    "an instance whose id is no UUID lives as every other one does: a dispatch",
    given(async ({ store, writer }) => {
      const node = await writer();
      const origin = "https://hooks.example.com";
      const definition = aDefinition({ id: `$dispatch/${origin}`, shard: 2 });
      const instance = anInstance({
        id: "wf_1763791234567_0123456789abcdef0123",
        shard: 2,
        wakeAt: 50,
        spec: {
          definitionId: definition.id,
          action: {
            kind: "webhook",
            url: `${origin}/alarms`,
            headers: {},
            secret: "",
            taskType: "",
            callback: { timeoutMs: 60_000 },
          },
          orderingKey: "line-1",
        },
      });
      const entry = anEntry(instance);
      expect(entry.queue).toBe(`$webhook/${origin}`);
      const lane = { queue: entry.queue, priority: entry.priority, definitionId: definition.id };
      const announced = (...names: string[]) =>
        node.announce(2, ...names).map((event) => ({ ...event, resourceId: instance.id }));

      await node.write({
        definitions: [definition],
        supervisors: [aSupervisor(definition)],
        createdInstances: [instance],
        enqueued: [entry],
        events: announced("created"),
      });
      expect(await store.actors.queueLanes([2])).toEqual([{ ...lane, count: 1 }]);
      expect(await store.actors.readLane(lane, [2], "", 10)).toEqual([entry]);
      expect(await store.actors.loadActiveOf(definition.id, "keyed")).toEqual([instance]);
      expect(await store.actors.dueWakeups([2], null, 100, 10)).toEqual([
        { kind: "instance", id: instance.id, shard: 2, wakeAt: 50 },
      ]);

      const exchange = { status: 202 };
      const attempt = anAttemptUnderWay({ handedOn: { closeMs: 60_000, exchange } });
      const running = changed(instance, { state: "RUNNING", life: { attempt, attemptCount: 1, waitingReason: null } });
      await node.write({ changedInstances: [running], dequeued: [entry], events: announced("started") });
      expect(await store.actors.queueLanes([2])).toEqual([]);
      expect(await store.actors.loadInstances([instance.id])).toEqual([running]);

      const failed = ended(running, "FAILED", { error: { code: "HTTP_500", message: "m", traceback: "" } });
      const over = anAttempt({ instanceId: instance.id, shard: 2, outcome: "FAILED", exchange });
      await node.write({ finishedInstances: [failed], attempts: [over], events: announced("failed") });
      expect(await store.actors.loadActiveOf(definition.id, "all")).toEqual([]);
      expect(await store.queries.listInstances({ definitionId: definition.id }, null, 10)).toEqual([failed]);

      const revived = changed(failed, { state: "PENDING", wakeAt: 70, life: { series: 1, endedAt: null } });
      await node.write({ revivedInstances: [revived], enqueued: [entry], events: announced("retried") });
      expect(await store.actors.readLane(lane, [2], "", 10)).toEqual([entry]);
      expect(await store.queries.listInstances({ idPrefix: "wf_" }, null, 10)).toEqual([revived]);

      const completed = ended(revived, "COMPLETED", { result: { ok: true } });
      const second = anAttempt({ instanceId: instance.id, shard: 2, number: 2 });
      await node.write({
        finishedInstances: [completed],
        dequeued: [entry],
        attempts: [second],
        events: announced("completed"),
      });
      expect(await store.queries.getInstance(instance.id)).toEqual(completed);
      expect(await store.queries.listAttempts(instance.id, null, 10)).toEqual([second, over]);
      expect(await store.actors.queueLanes([2])).toEqual([]);
      const events = await store.queries.readEvents(2, 0, 10);
      expect(events.map(({ resourceId, name }) => [resourceId, name])).toEqual(
        ["created", "started", "failed", "retried", "completed"].map((name) => [instance.id, name]),
      );
    }),
  );
}
