import { expect, it } from "vitest";
import { Roster } from "../../../../src/actors/supervisor/roster.ts";

function member(id: string, given: { exclusive?: boolean; key?: string } = {}) {
  const concurrency = given.key === undefined ? null : { key: given.key, limit: 1 };
  return { id, uniqueKey: "", orderingKey: "", supersedeKey: "", concurrency, exclusive: given.exclusive === true };
}

it("who may run beside nobody is not let go in the moment in which another one is", () => {
  const roster = new Roster(0);
  expect(roster.add(member("runs", { key: "k" }))).toBeNull();
  expect(roster.add(member("waits for all", { exclusive: true }))).toBe("BUFFERED");
  expect(roster.add(member("waits for the key", { key: "k" }))).toBe("CONCURRENCY");
  expect(roster.remove("runs")).toEqual(["waits for the key"]);
  expect(roster.remove("waits for the key")).toEqual(["waits for all"]);
});
