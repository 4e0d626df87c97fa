import { expect, it } from "vitest";
import type { PushFailure } from "../../../src/domain/approval/records.ts";
import { anInstance } from "../../support/records.ts";
import type { Given } from "./given-store.ts";
import { aPushState } from "./given-approvals.ts";

const FAILURE: PushFailure = { pushId: "push2", at: 2000, isPermanent: false };

/** What platforms were told, by their ids of it, and how that went. */
export function pushStatesContract(given: Given): void {
  it(
    "of a session, by platform and third id",
    given(async ({ store, writer }) => {
      const node = await writer();
      const states = [
        aPushState({ platformId: "a", thirdId: "s1_t1" }),
        aPushState({ platformId: "a", thirdId: "s1_t2", shard: 1 }),
        aPushState({ platformId: "b", thirdId: "s1", workItemId: "" }),
      ];
      const another = aPushState({ platformId: "a", thirdId: "s2_t1", sessionId: "another" });
      await node.write({ pushStates: [another, ...states.toReversed()] });
      expect(await store.approvals.loadPushStates("session")).toEqual(states);
      expect(await store.approvals.loadPushStates("another")).toEqual([another]);
      expect(await store.approvals.loadPushStates("nobody")).toEqual([]);
    }),
  );

  it(
    "of one platform and many sessions, by session and third id",
    given(async ({ store, writer }) => {
      const node = await writer();
      const of = (platformId: string, sessionId: string, thirdId: string) =>
        aPushState({ platformId, sessionId, thirdId });
      const [first, second, third] = [of("a", "s1", "t9"), of("a", "s2", "t1"), of("a", "s2", "t2")];
      await node.write({ pushStates: [third, of("b", "s1", "t9"), first, of("a", "s3", "t3"), second] });
      const loaded = await store.approvals.loadPushStatesOfSessions("a", ["s2", "nobody", "s1", "s2"]);
      expect(loaded).toEqual([first, second, third]);
      expect(await store.approvals.loadPushStatesOfSessions("a", [])).toEqual([]);
      expect(await store.approvals.loadPushStatesOfSessions("nobody", ["s1"])).toEqual([]);
    }),
  );

  it(
    "of one platform under one of its ids",
    given(async ({ store, writer }) => {
      const node = await writer();
      const [one, other] = [aPushState({ platformId: "a" }), aPushState({ platformId: "b", status: "done" })];
      await node.write({ pushStates: [one, other] });
      expect(await store.approvals.loadPushStatesOf("a", one.thirdId)).toEqual(one);
      expect(await store.approvals.loadPushStatesOf("b", one.thirdId)).toEqual(other);
      expect(await store.approvals.loadPushStatesOf("a", "nobody")).toBeNull();
      expect(await store.approvals.loadPushStatesOf("c", one.thirdId)).toBeNull();
    }),
  );

  it(
    "is replaced by platform and third id, in the batch of the push that said so",
    given(async ({ store, writer }) => {
      const node = await writer();
      const push = anInstance({ shard: 2 });
      await node.write({ pushStates: [aPushState()], createdInstances: [push] });
      const next = aPushState({
        shard: 2,
        sessionId: "session-2",
        workItemId: "",
        status: "done",
        assignees: [],
        pushId: "push3",
        at: 3000,
      });
      await node.write({ pushStates: [next], changedInstances: [{ ...push, revision: 2, state: "RUNNING" }] });
      expect(await store.approvals.loadPushStates("session")).toEqual([]);
      expect(await store.approvals.loadPushStates("session-2")).toEqual([next]);
      expect(await store.queries.getInstance(push.id)).toMatchObject({ state: "RUNNING" });
    }),
  );

  it(
    "stays when the platform knows nothing of it, any more or yet, so that a repeated deletion is told from a first one",
    given(async ({ store, writer }) => {
      const node = await writer();
      const told = (thirdId: string) => aPushState({ thirdId });
      await node.write({ pushStates: [told("failing"), told("forgotten"), told("kept"), told("mended")] });
      const failing = { ...told("failing"), status: null, assignees: [], failures: 3, failure: FAILURE };
      const forgotten = { ...told("forgotten"), status: null, assignees: [], pushId: "push3", at: 3000 };
      const kept = { ...told("kept"), failures: 1, failure: { ...FAILURE, isPermanent: true } };
      const never = { ...told("never"), status: null, assignees: [], pushId: "", failures: 1, failure: FAILURE };
      const unheardOf = { ...told("unheard-of"), status: null, assignees: [] };
      const mending = { ...told("mended"), failures: 1, failure: FAILURE };
      await node.write({ pushStates: [forgotten, failing, never, kept, mending, unheardOf] });
      await node.write({ pushStates: [told("mended")] });
      const all = [failing, forgotten, kept, told("mended"), never, unheardOf];
      expect(await store.approvals.loadPushStates("session")).toEqual(all);
      expect(await store.approvals.loadPushStatesOfSessions("platform1", ["session"])).toEqual(all);
      expect(await store.approvals.loadPushStatesOf("platform1", "forgotten")).toEqual(forgotten);

      const again = { ...forgotten, status: "todo", assignees: ["T2"], pushId: "push4", at: 4000 };
      await node.write({ pushStates: [again, { ...never, failures: 0, failure: null }] });
      expect(await store.approvals.loadPushStatesOf("platform1", "forgotten")).toEqual(again);
      expect(await store.approvals.loadPushStatesOf("platform1", "never")).toEqual({
        ...never,
        failures: 0,
        failure: null,
      });
    }),
  );

  it(
    "comes out exactly as it went in, whatever it holds",
    given(async ({ store, writer }) => {
      const node = await writer();
      const texts = [
        "",
        " ",
        "NULL",
        "{a,b}",
        `it's "x" \\ \\\\n`,
        "统一用户🚀",
        "line\nbreak\t",
        "$1 ' --",
        "x".repeat(300),
      ];
      const states = texts.map((text, index) =>
        aPushState({
          platformId: `p${text}`,
          thirdId: `t${text}`,
          workItemId: text,
          status: text,
          assignees: texts.slice(0, index),
          pushId: text,
          at: -1,
          failures: index,
          failure: { pushId: text, at: 8_640_000_000_000_000, isPermanent: index % 2 === 0 },
        }),
      );
      await node.write({ pushStates: states });
      for (const state of states) {
        expect(await store.approvals.loadPushStatesOf(state.platformId, state.thirdId)).toStrictEqual(state);
      }
    }),
  );
}
