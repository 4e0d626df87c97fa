import { expect, it } from "vitest";
import {
  aDefinition,
  aRequest,
  aSupervisor,
  anActorState,
  anAttempt,
  anEntry,
  anInstance,
  anOccurrence,
  ended,
} from "../../support/records.ts";
import { aPushState, aSession, aWorkItem } from "./given-approvals.ts";
import type { Given } from "./given-store.ts";

/** What a batch does to the rows. */
export function journalContract(given: Given): void {
  it(
    "a batch is written whole",
    given(async ({ store, writer }) => {
      const node = await writer();
      const definition = aDefinition({ shard: 1 });
      const supervisor = aSupervisor(definition);
      const occurrence = anOccurrence({ definitionId: definition.id, shard: 1 });
      const instance = anInstance({ shard: 1, spec: { definitionId: definition.id } });
      const attempt = anAttempt({ instanceId: instance.id, shard: 1 });
      const request = aRequest({ shard: 1 });
      const actorState = anActorState({ shard: 1 });
      const [session, workItem] = [aSession({ shard: 1 }), aWorkItem({ shard: 1 })];
      const pushState = aPushState({ shard: 1 });
      const events = node.announce(1, "created");
      const outcome = await node.send(
        node.batch({
          definitions: [definition],
          supervisors: [supervisor],
          occurrences: [occurrence],
          createdInstances: [instance],
          attempts: [attempt],
          enqueued: [anEntry(instance)],
          requests: [request],
          actorStates: [actorState],
          sessions: [session],
          workItems: [workItem],
          pushStates: [pushState],
          events,
        }),
      );

      expect(outcome).toEqual({ kind: "committed" });
      expect(await store.queries.getDefinition(definition.id)).toEqual({ definition, supervisor });
      expect(await store.queries.listOccurrences({ definitionId: definition.id }, null, 10)).toEqual([occurrence]);
      expect(await store.queries.getInstance(instance.id)).toEqual(instance);
      expect(await store.queries.listAttempts(instance.id, null, 10)).toEqual([attempt]);
      expect(await store.actors.queueLanes([1])).toHaveLength(1);
      expect(await store.actors.findRequests([request.key])).toEqual([request]);
      expect(await store.actorStates.load("destination", [actorState.id])).toEqual([actorState]);
      expect(await store.approvals.loadSessions([session.session.id])).toEqual([session]);
      expect(await store.approvals.loadWorkItems({ ids: [workItem.item.id] })).toEqual([workItem]);
      expect(await store.approvals.loadPushStates(pushState.sessionId)).toEqual([pushState]);
      expect(await store.queries.readEvents(1, 0, 10)).toEqual(events);
    }),
  );

  it(
    "a batch that cannot be written whole leaves nothing behind",
    given(async ({ store, writer }) => {
      const node = await writer();
      const taken = anInstance();
      await node.write({ createdInstances: [taken] });

      const definition = aDefinition();
      const request = aRequest();
      const rows = { definitions: [definition], supervisors: [aSupervisor(definition)], requests: [request] };
      const clash = node.batch({
        ...rows,
        createdInstances: [anInstance({ id: taken.id, spec: { name: "another" } })],
        events: node.announce(0, "created"),
      });
      await expect(node.send(clash)).rejects.toBeInstanceOf(Error);

      expect(await store.queries.getDefinition(definition.id)).toBeNull();
      expect(await store.actors.findRequests([request.key])).toEqual([]);
      expect(await store.queries.readEvents(0, 0, 10)).toEqual([]);
      expect(await store.queries.getInstance(taken.id)).toEqual(taken);
      expect(await node.send(node.batch(rows)), "the shard's next batch, at the same count").toEqual({
        kind: "committed",
      });
    }),
  );

  it(
    "one batch writes several shards",
    given(async ({ store, writer }) => {
      const node = await writer();
      const instances = [0, 1, 2, 3].map((shard) => anInstance({ shard }));
      await node.write({
        createdInstances: instances,
        events: [...node.announce(0, "a"), ...node.announce(3, "b", "c")],
      });
      const loaded = await store.actors.loadInstances(instances.map(({ id }) => id));
      expect(loaded.toSorted((one, other) => one.shard - other.shard)).toEqual(instances);
      expect(await store.queries.readEvents(3, 0, 10)).toHaveLength(2);
    }),
  );

  it(
    "definitions and supervisors are replaced by id (R-093)",
    given(async ({ store, writer }) => {
      const node = await writer();
      const definition = aDefinition({ spec: { name: "first" } });
      await node.write({ definitions: [definition], supervisors: [aSupervisor(definition, { wakeAt: 1000 })] });
      const next = aDefinition({
        ...definition,
        revision: 2,
        state: "PAUSED",
        stateReason: "先别监控了",
        updatedAt: definition.createdAt + 5,
        spec: { name: "second", userId: "user2", labels: { team: "ops" } },
      });
      const supervisor = aSupervisor(definition, { wakeAt: null, supervision: { gated: 3, counters: { created: 7 } } });
      await node.write({ definitions: [next], supervisors: [supervisor] });
      expect(await store.queries.getDefinition(definition.id)).toEqual({ definition: next, supervisor });
      expect(await store.queries.listDefinitions({ userId: "user1" }, null, 10)).toEqual([]);
      expect(await store.queries.listDefinitions({ userId: "user2" }, null, 10)).toHaveLength(1);
    }),
  );

  it(
    "a supervisor changes without its definition",
    given(async ({ store, writer }) => {
      const node = await writer();
      const definition = aDefinition();
      await node.write({ definitions: [definition], supervisors: [aSupervisor(definition)] });
      const supervisor = aSupervisor(definition, { wakeAt: 9, supervision: { nextDueAt: 10, lastFiredAt: 8 } });
      await node.write({ supervisors: [supervisor] });
      expect(await store.queries.getDefinition(definition.id)).toEqual({ definition, supervisor });
    }),
  );

  it(
    "deleting a definition removes its supervisor and its occurrences, and nothing else (R-093)",
    given(async ({ store, writer }) => {
      const node = await writer();
      const [gone, kept] = [aDefinition(), aDefinition()];
      const instance = anInstance({ spec: { definitionId: gone.id } });
      await node.write({
        definitions: [gone, kept],
        supervisors: [aSupervisor(gone, { wakeAt: 1 }), aSupervisor(kept, { wakeAt: 2 })],
        occurrences: [anOccurrence({ definitionId: gone.id }), anOccurrence({ definitionId: kept.id })],
        createdInstances: [instance],
      });
      await node.write({ deletedDefinitions: [gone.id] }, [0]);

      expect(await store.queries.getDefinition(gone.id)).toBeNull();
      expect(await store.queries.listDefinitions({}, null, 10)).toHaveLength(1);
      expect(await store.queries.searchDefinitions("监控", {}, 10)).toHaveLength(1);
      expect(await store.queries.listOccurrences({ definitionId: gone.id }, null, 10)).toEqual([]);
      expect(await store.actors.dueWakeups([0], null, 100, 10)).toMatchObject([{ id: kept.id }]);
      expect(await store.queries.listOccurrences({ definitionId: kept.id }, null, 10)).toHaveLength(1);
      expect(await store.queries.getInstance(instance.id)).toEqual(instance);
    }),
  );

  it(
    "an occurrence whose due time is known gets its new outcome",
    given(async ({ store, writer }) => {
      const node = await writer();
      const first = anOccurrence({ scheduledAt: 5000, outcome: "BUFFERED", reason: "one is running", decidedAt: 5001 });
      await node.write({ occurrences: [first, anOccurrence({ scheduledAt: 6000 })] });
      const later = { ...first, outcome: "FIRED", reason: "", instanceId: "i1", decidedAt: 7000 } as const;
      await node.write({ occurrences: [later] });
      expect(await store.queries.listOccurrences({ definitionId: "definition" }, null, 10)).toEqual([
        anOccurrence({ scheduledAt: 6000 }),
        later,
      ]);
    }),
  );

  it(
    "a batch of many rows is written",
    given(async ({ store, writer }) => {
      const node = await writer();
      const instances = Array.from({ length: 700 }, () => anInstance());
      await node.write({ createdInstances: instances, enqueued: instances.map((instance) => anEntry(instance)) });
      await node.write({
        finishedInstances: instances.map((instance) => ended(instance, "COMPLETED")),
        dequeued: instances.map((instance) => anEntry(instance)),
      });
      expect(await store.queries.countInstances({ states: ["COMPLETED"] })).toBe(700);
      expect(await store.actors.queueLanes([0])).toEqual([]);
    }),
  );
}
