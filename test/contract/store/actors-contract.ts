import { expect, it } from "vitest";
import { aDefinition, aRequest, aSupervisor, anInstance, changed, ended } from "../../support/records.ts";
import type { Given } from "./given-store.ts";

const LAST_INSTANT = 8_640_000_000_000_000;

/** What brings actors to life: their rows, their deadlines, and the answers already given. */
export function actorsContract(given: Given): void {
  it(
    "definitions are loaded with their supervisors, those that do not exist left out",
    given(async ({ store, writer }) => {
      const node = await writer();
      const definitions = [aDefinition({ shard: 0 }), aDefinition({ shard: 3 }), aDefinition({ shard: 1 })];
      await node.write({ definitions, supervisors: definitions.map((definition) => aSupervisor(definition)) });
      const [first, second] = definitions;
      const loaded = await store.actors.loadDefinitions([first!.id, "nobody", second!.id]);
      expect(loaded).toHaveLength(2);
      expect(loaded).toEqual(
        expect.arrayContaining([
          { definition: first, supervisor: aSupervisor(first!) },
          { definition: second, supervisor: aSupervisor(second!) },
        ]),
      );
      expect(await store.actors.loadDefinitions([])).toEqual([]);
    }),
  );

  it(
    "instances are loaded active or finished, those that do not exist left out",
    given(async ({ store, writer }) => {
      const node = await writer();
      const [active, finished] = [anInstance({ shard: 2 }), ended(anInstance(), "FAILED")];
      await node.write({ createdInstances: [active, finished, anInstance()] });
      const loaded = await store.actors.loadInstances([finished.id, "nobody", active.id]);
      expect(loaded).toHaveLength(2);
      expect(loaded).toEqual(expect.arrayContaining([active, finished]));
      expect(await store.actors.loadInstances([])).toEqual([]);
    }),
  );

  it(
    "the unfinished instances of a definition are loaded by id, all of them or those that hold a key",
    given(async ({ store, writer }) => {
      const node = await writer();
      const plain = anInstance({ id: "b" });
      const unique = anInstance({ id: "d", spec: { uniqueKey: "u" } });
      const ordered = anInstance({ id: "a", spec: { orderingKey: "o" } });
      const limited = anInstance({ id: "c", spec: { concurrency: { key: "c", limit: 2 } } });
      const superseded = anInstance({ id: "g", spec: { supersedeKey: "s" } });
      const done = ended(anInstance({ id: "e", spec: { uniqueKey: "u2" } }), "COMPLETED");
      const elsewhere = anInstance({ id: "f", spec: { definitionId: "another", uniqueKey: "u" } });
      await node.write({ createdInstances: [plain, unique, ordered, limited, superseded, done, elsewhere] });

      expect(await store.actors.loadActiveOf("definition", "all")).toEqual([
        ordered,
        plain,
        limited,
        unique,
        superseded,
      ]);
      expect(await store.actors.loadActiveOf("definition", "keyed")).toEqual([ordered, limited, unique, superseded]);
      expect(await store.actors.loadActiveOf("nobody", "all")).toEqual([]);

      await node.write({ finishedInstances: [ended(unique, "CANCELLED")] });
      expect(await store.actors.loadActiveOf("definition", "keyed")).toEqual([ordered, limited, superseded]);
    }),
  );

  it(
    "wakeups of supervisors and instances come earliest first, within (after, until]",
    given(async ({ store, writer }) => {
      const node = await writer();
      const definitions = [aDefinition({ id: "d10" }), aDefinition({ id: "d30" }), aDefinition({ id: "asleep" })];
      await node.write({
        definitions,
        supervisors: [
          aSupervisor(definitions[0]!, { wakeAt: 10 }),
          aSupervisor(definitions[1]!, { wakeAt: 30 }),
          aSupervisor(definitions[2]!, { wakeAt: null }),
        ],
        createdInstances: [
          anInstance({ id: "i40", wakeAt: 40 }),
          anInstance({ id: "i20", wakeAt: 20 }),
          anInstance({ id: "dreamless", wakeAt: null }),
          anInstance({ id: "elsewhere", shard: 1, wakeAt: 15 }),
        ],
      });
      const due = async (after: number | null, until: number, limit = 10) =>
        (await store.actors.dueWakeups([0], after, until, limit)).map(({ id }) => id);

      expect(await store.actors.dueWakeups([0], null, 1000, 10)).toEqual([
        { kind: "supervisor", id: "d10", shard: 0, wakeAt: 10 },
        { kind: "instance", id: "i20", shard: 0, wakeAt: 20 },
        { kind: "supervisor", id: "d30", shard: 0, wakeAt: 30 },
        { kind: "instance", id: "i40", shard: 0, wakeAt: 40 },
      ]);
      expect((await store.actors.dueWakeups([1, 0], 10, 20, 10)).map(({ id, shard }) => ({ id, shard }))).toEqual([
        { id: "elsewhere", shard: 1 },
        { id: "i20", shard: 0 },
      ]);
      expect((await store.actors.dueWakeups([0, 1, 2], 9, 1000, 2)).map(({ id }) => id)).toEqual(["d10", "elsewhere"]);
      expect(await store.actors.dueWakeups([2, 3], null, 1000, 10)).toEqual([]);
      expect(await store.actors.dueWakeups([], null, 1000, 10)).toEqual([]);
      expect(await due(null, 9)).toEqual([]);
      expect(await due(null, 10)).toEqual(["d10"]);
      expect(await due(10, 30)).toEqual(["i20", "d30"]);
      expect(await due(9, 39)).toEqual(["d10", "i20", "d30"]);
      expect(await due(null, 1000, 3)).toEqual(["d10", "i20", "d30"]);
      expect(await due(30, 1000, 3)).toEqual(["i40"]);
      expect(await due(40, 1000)).toEqual([]);
    }),
  );

  it(
    "a wakeup follows the deadline of its actor, and is gone with it",
    given(async ({ store, writer }) => {
      const node = await writer();
      const definition = aDefinition();
      const instance = anInstance({ wakeAt: 100 });
      await node.write({
        definitions: [definition],
        supervisors: [aSupervisor(definition, { wakeAt: 100 })],
        createdInstances: [instance],
      });
      const due = async () =>
        (await store.actors.dueWakeups([0], null, LAST_INSTANT, 10)).map(({ id, wakeAt }) => ({ id, wakeAt }));

      const later = changed(instance, { wakeAt: LAST_INSTANT });
      await node.write({ supervisors: [aSupervisor(definition, { wakeAt: 50 })], changedInstances: [later] });
      expect(await due()).toEqual([
        { id: definition.id, wakeAt: 50 },
        { id: instance.id, wakeAt: LAST_INSTANT },
      ]);

      await node.write({
        supervisors: [aSupervisor(definition)],
        changedInstances: [changed(later, { wakeAt: null })],
      });
      expect(await due()).toEqual([]);

      await node.write({ supervisors: [aSupervisor(definition, { wakeAt: 60 })] });
      expect(await due()).toEqual([{ id: definition.id, wakeAt: 60 }]);
    }),
  );

  it(
    "wakeups of the same instant all come",
    given(async ({ store, writer }) => {
      const node = await writer();
      const ids = ["a", "b", "c", "d", "e"];
      await node.write({ createdInstances: ids.map((id) => anInstance({ id, wakeAt: 500 })) });
      const wakeups = await store.actors.dueWakeups([0], 499, 500, 10);
      expect(wakeups.map(({ id }) => id).toSorted()).toEqual(ids);
    }),
  );

  it(
    "answers to requests are found by their keys until they are forgotten",
    given(async ({ store, writer }) => {
      const node = await writer();
      const requests = [10, 20, 30].map((createdAt) =>
        aRequest({ key: `Create/${createdAt}`, shard: 1, createdAt, fingerprint: "指纹", answer: '{"id":"x\\"y"}' }),
      );
      await node.write({ requests });
      const keys = ["Create/10", "Create/20", "Create/30"];
      const found = await store.actors.findRequests([...keys, "Create/40"]);
      expect(found.toSorted((one, other) => one.createdAt - other.createdAt)).toEqual(requests);
      expect(await store.actors.findRequests([])).toEqual([]);

      expect(await store.actors.forgetRequests(10, 100), "none is older").toBe(0);
      expect(await store.actors.forgetRequests(30, 100)).toBe(2);
      expect(await store.actors.findRequests(keys)).toEqual([requests[2]]);
    }),
  );

  it(
    "no more requests are forgotten at a time than asked for",
    given(async ({ store, writer }) => {
      const node = await writer();
      await node.write({ requests: Array.from({ length: 5 }, () => aRequest({ createdAt: 1 })) });
      expect(await store.actors.forgetRequests(100, 3)).toBe(3);
      expect(await store.actors.forgetRequests(100, 3)).toBe(2);
      expect(await store.actors.forgetRequests(100, 3)).toBe(0);
    }),
  );

  it(
    "a store that is reached answers a ping",
    given(async ({ store }) => {
      await expect(store.ping()).resolves.toBeUndefined();
    }),
  );
}
