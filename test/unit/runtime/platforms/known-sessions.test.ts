import { expect, test } from "vitest";
import { KnownSessions } from "../../../../src/runtime/platforms/known-sessions.ts";
import { aPushState, aSession, aWorkItem } from "../../../contract/store/given-approvals.ts";

test("Sessions that are asked for at the same time are read together, and each has what is its own", async () => {
  const reads: (readonly string[])[] = [];
  const known = new KnownSessions({
    loadSessions: (ids) => {
      reads.push(ids);
      return Promise.resolve(ids.filter((id) => id !== "unknown").map((id) => aSession({ session: { id } })));
    },
    loadWorkItems: () =>
      Promise.resolve(["one", "other"].map((sessionId) => aWorkItem({ item: { id: `of ${sessionId}`, sessionId } }))),
    loadPushStatesOfSessions: (platformId) =>
      Promise.resolve([aPushState({ platformId, sessionId: "one", thirdId: "one_1" })]),
  });

  const [one, other, unknown] = await Promise.all(["one", "other", "unknown"].map((id) => known.of("p", id)));
  const later = await known.of("p", "one");

  expect(reads).toEqual([["one", "other", "unknown"], ["one"]]);
  expect(one?.items.map(({ item }) => item.id)).toEqual(["of one"]);
  expect(one?.states.map(({ thirdId }) => thirdId)).toEqual(["one_1"]);
  expect(other?.items.map(({ item }) => item.id)).toEqual(["of other"]);
  expect(other?.states).toEqual([]);
  expect(unknown).toBeNull();
  expect(later).toEqual(one);
});
