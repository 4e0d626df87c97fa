import { expect, it } from "vitest";
import type { ActorStateRecord } from "../../../src/ports/store/actor-states.ts";
import { newDestination } from "../../../src/domain/webhook/destination.ts";
import type { JsonObject } from "../../../src/domain/json.ts";
import { aRequest, anActorState, anInstance } from "../../support/records.ts";
import type { Given } from "./given-store.ts";

const LAST_INSTANT = 8_640_000_000_000_000;

function byId(records: readonly ActorStateRecord[]): readonly ActorStateRecord[] {
  return records.toSorted((one, other) => (one.id < other.id ? -1 : 1));
}

/** Actors whose whole state is one document. */
export function actorStatesContract(given: Given): void {
  it(
    "states are loaded by their ids, those that do not exist left out",
    given(async ({ store, writer }) => {
      const node = await writer();
      const states = ["https://a.example", "https://b.example", "http://c.example:8080"].map((id, shard) =>
        anActorState({ id, shard, state: { revision: shard } }),
      );
      await node.write({ actorStates: states });
      const loaded = await store.actorStates.load("destination", [
        "https://b.example",
        "https://nobody.example",
        "https://a.example",
      ]);
      expect(byId(loaded)).toEqual([states[0], states[1]]);
      expect(await store.actorStates.load("destination", [])).toEqual([]);
    }),
  );

  it(
    "a state is replaced by kind and id, and the others stay",
    given(async ({ store, writer }) => {
      const node = await writer();
      const [first, other] = [
        anActorState({ state: { a: 1 } }),
        anActorState({ id: "https://other.example", shard: 2 }),
      ];
      await node.write({ actorStates: [first, other] });
      const next = anActorState({ state: { b: [2] }, updatedAt: first.updatedAt + 5 });
      const another = anActorState({ id: "https://new.example" });
      await node.write({ actorStates: [next, another] });
      expect(await store.actorStates.list("destination", { prefix: "" }, "", 10)).toEqual([next, another, other]);
    }),
  );

  it(
    "kinds are apart: of one id each has its own, and lists hold one kind alone",
    given(async ({ store, writer }) => {
      const node = await writer();
      const kinds = ["destination", "platform", "trigger", "platform_change", "lock"] as const;
      const states = kinds.flatMap((kind, shard) =>
        ["p1/a", "p1/b", "p2/a"].map((id) => anActorState({ kind, id, shard: shard % 4, state: { kind, id } })),
      );
      await node.write({ actorStates: states });
      for (const [index, kind] of kinds.entries()) {
        const [first, second, third] = states.slice(3 * index);
        expect(await store.actorStates.load(kind, ["p2/a"])).toEqual([third]);
        expect(await store.actorStates.list(kind, { prefix: "p1/" }, "", 10)).toEqual([first, second]);
        expect(await store.actorStates.list(kind, { prefix: "" }, "p1/a", 10)).toEqual([second, third]);
      }
    }),
  );

  it(
    "a state is removed by kind and id, the others stay, and it can be written anew",
    given(async ({ store, writer }) => {
      const node = await writer();
      const gone = anActorState({ kind: "trigger", id: "t1", shard: 1 });
      const others = [
        anActorState({ kind: "trigger", id: "t11", shard: 2 }),
        anActorState({ kind: "platform", id: "t1" }),
      ];
      await node.write({ actorStates: [gone, ...others] });
      const added = anActorState({ kind: "trigger", id: "t2" });
      const { kind, id, shard } = gone;
      await node.write({
        removedActorStates: [
          { kind, id, shard },
          { kind, id: "nobody", shard: 3 },
        ],
        actorStates: [added],
        events: node.announce(1, "deleted"),
      });
      expect(await store.actorStates.list("trigger", { prefix: "" }, "", 10)).toEqual([others[0], added]);
      expect(await store.actorStates.load("platform", ["t1"])).toEqual([others[1]]);
      expect(await store.queries.readEvents(1, 0, 10)).toHaveLength(1);

      const anew = { ...gone, state: { anew: true } };
      await node.write({ actorStates: [anew] });
      expect(await store.actorStates.load("trigger", ["t1"])).toEqual([anew]);
    }),
  );

  it(
    "a batch that was written before removes nothing",
    given(async ({ store, writer }) => {
      const node = await writer();
      const state = anActorState();
      const batch = node.batch({ actorStates: [state] });
      await node.send(batch);
      const { kind, id, shard } = state;
      const repeated = { ...batch, actorStates: [], removedActorStates: [{ kind, id, shard }] };
      expect(await node.send(repeated)).toEqual({ kind: "committed" });
      expect(await store.actorStates.load(kind, [id])).toEqual([state]);
    }),
  );

  it(
    "a state is written together with everything else of its batch, or not at all",
    given(async ({ store, writer }) => {
      const node = await writer();
      const [state, instance, request] = [anActorState(), anInstance({ shard: 1 }), aRequest({ shard: 3 })];
      await node.write({
        actorStates: [state],
        createdInstances: [instance],
        requests: [request],
        events: node.announce(0, "breaker_opened"),
      });
      expect(await store.actorStates.load("destination", [state.id])).toEqual([state]);
      expect(await store.queries.getInstance(instance.id)).toEqual(instance);
      expect(await store.actors.findRequests([request.key])).toEqual([request]);
      expect(await store.queries.readEvents(0, 0, 10)).toMatchObject([{ name: "breaker_opened" }]);

      const clash = node.batch({ actorStates: [{ ...state, state: { lost: true } }], createdInstances: [instance] });
      await expect(node.send(clash)).rejects.toBeInstanceOf(Error);
      expect(await store.actorStates.load("destination", [state.id])).toEqual([state]);
    }),
  );

  it(
    "a batch that was written before writes no state, whatever was decided since",
    given(async ({ store, writer }) => {
      const node = await writer();
      const batch = node.batch({ actorStates: [anActorState({ state: { revision: 1 } })] });
      expect(await node.send(batch)).toEqual({ kind: "committed" });
      const repeated = { ...batch, actorStates: [anActorState({ state: { revision: 2 } }), anActorState({ id: "x" })] };
      expect(await node.send(repeated)).toEqual({ kind: "committed" });
      expect(await store.actorStates.list("destination", { prefix: "" }, "", 10)).toEqual(batch.actorStates);
    }),
  );

  it(
    "the same batch with states sent twice at once is written once",
    given(async ({ store, writer }) => {
      const node = await writer();
      const batch = node.batch({ actorStates: [anActorState({ shard: 1 })], events: node.announce(1, "updated") });
      const outcomes = await Promise.all([store.journal.commit(batch), store.journal.commit(batch)]);
      expect(outcomes).toEqual([{ kind: "committed" }, { kind: "committed" }]);
      expect(await store.actorStates.load("destination", [batch.actorStates[0]!.id])).toEqual(batch.actorStates);
      expect(await store.queries.readEvents(1, 0, 10)).toHaveLength(1);
    }),
  );

  it(
    "batches with states and batches without go on from each other's count",
    given(async ({ store, writer }) => {
      const node = await writer();
      for (const revision of [1, 2, 3]) {
        await node.write({ actorStates: [anActorState({ state: { revision } })], events: node.announce(0, "updated") });
        await node.write({ createdInstances: [anInstance()], events: node.announce(0, "created") });
      }
      const stale = {
        ...node.batch({ actorStates: [anActorState({ state: {} })] }),
        fences: [{ ...node.fence(0), commit: 4 }],
      };
      expect(await store.journal.commit(stale)).toEqual({ kind: "fenced", shards: [0] });
      expect(await store.actorStates.load("destination", [anActorState().id])).toMatchObject([
        { state: { revision: 3 } },
      ]);
      expect(await store.queries.readEvents(0, 0, 10)).toHaveLength(6);
    }),
  );

  it(
    "lists go by id, hold only what begins with the prefix, and their pages cover all of it once",
    given(async ({ store, writer }) => {
      const node = await writer();
      const ids = [
        "http://a.example",
        "https://a.example",
        "https://a.example:8443",
        "https://a.examplf",
        "https://b_%.example",
        "https://b_%1.example",
        "https://bx%.example",
        "ftp",
        "https://点看.example",
      ];
      await node.write({ actorStates: ids.map((id, index) => anActorState({ id, shard: index % 4 })) });
      for (const prefix of [
        "",
        "http",
        "https://",
        "https://a.example",
        "https://b_%",
        "https://点",
        "https://z",
        "httpz",
      ]) {
        const wanted = ids.filter((id) => id.startsWith(prefix)).toSorted();
        for (const size of [1, 2, 100]) {
          const seen: string[] = [];
          for (;;) {
            const page = await store.actorStates.list("destination", { prefix }, seen.at(-1) ?? "", size);
            if (page.length === 0) break;
            expect(page.length).toBeLessThanOrEqual(size);
            seen.push(...page.map(({ id }) => id));
          }
          expect(seen, `${prefix}, pages of ${size}`).toEqual(wanted);
        }
      }
      expect(await store.actorStates.list("destination", { prefix: "https://a" }, "https://b", 10)).toEqual([]);
    }),
  );

  it(
    "a state comes out exactly as it went in, whatever it holds and however long its id is (R-005)",
    given(async ({ store, writer }) => {
      const node = await writer();
      const awkward: JsonObject = {
        "": "",
        "键 'with' \"quotes\"": "值\\ \u0000 \u001f \ud83c\udfc1 it's",
        nothing: null,
        numbers: [0, -1, 0.1, 1e21, 5e-324, Number.MAX_SAFE_INTEGER],
        empty: [{}, [], ""],
        order: { b: 1, a: 2 },
        long: "x".repeat(20_000),
      };
      const states = [
        anActorState({
          id: `https://${"long-label.".repeat(23)}example:65535`,
          shard: 3,
          state: awkward,
          updatedAt: LAST_INSTANT,
        }),
        anActorState({ id: `https://${"y".repeat(1000)}.example`, state: {}, updatedAt: 0 }),
        anActorState({
          id: "https://[2001:db8::1]:8443",
          shard: 1,
          state: { ...newDestination("https://x", 1, 5) } as unknown as JsonObject,
        }),
        anActorState({ id: 'it\'s \\ "x" {a,b} $1', shard: 2, updatedAt: -1 }),
      ];
      expect(states[0]!.id.length).toBeGreaterThan(255);
      await node.write({ actorStates: states });
      for (const state of states) {
        expect(await store.actorStates.load("destination", [state.id])).toEqual([state]);
        expect(await store.actorStates.list("destination", { prefix: state.id }, "", 2)).toEqual([state]);
      }
      const [stored] = await store.actorStates.load("destination", [states[0]!.id]);
      expect(JSON.stringify(stored?.state), "the order of members, too").toBe(JSON.stringify(awkward));
    }),
  );
}
