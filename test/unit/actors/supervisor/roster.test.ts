import { describe, expect, it } from "vitest";
import { Roster } from "../../../../src/actors/supervisor/roster.ts";
import type { Member } from "../../../../src/actors/supervisor/roster.ts";

function aMember(id: string, given: Partial<Member> = {}): Member {
  return { id, uniqueKey: "", orderingKey: "", supersedeKey: "", concurrency: null, exclusive: false, ...given };
}

describe("a roster", () => {
  it("knows who has a unique key until that one ends", () => {
    const roster = new Roster(0);
    roster.add(aMember("a", { uniqueKey: "k" }));
    expect(roster.uniqueHolder("k")).toBe("a");
    roster.remove("a");
    expect(roster.uniqueHolder("k")).toBeNull();
  });

  it("knows who has a supersede key until they end, and keeps none of them back for it", () => {
    const roster = new Roster(0);
    expect(roster.add(aMember("a", { supersedeKey: "k" }))).toBeNull();
    expect(roster.add(aMember("b", { supersedeKey: "k", orderingKey: "o" }))).toBeNull();
    roster.restoreAdmitted(aMember("c", { supersedeKey: "k" }));
    roster.add(aMember("x", { supersedeKey: "other" }));
    expect(roster.withSupersedeKey("k").toSorted()).toEqual(["a", "b", "c"]);
    roster.remove("b");
    expect(roster.withSupersedeKey("k").toSorted()).toEqual(["a", "c"]);
    ["a", "c"].map((id) => roster.remove(id));
    expect(roster.withSupersedeKey("k")).toEqual([]);
    expect(roster.withSupersedeKey("")).toEqual([]);
  });

  it("lets instances with one ordering key go one after the other, in order of arrival", () => {
    const roster = new Roster(0);
    expect(["a", "b", "c"].map((id) => roster.add(aMember(id, { orderingKey: "k" })))).toEqual([
      null,
      "CONCURRENCY",
      "CONCURRENCY",
    ]);
    expect(roster.add(aMember("x", { orderingKey: "other" }))).toBeNull();
    expect(roster.remove("a")).toEqual(["b"]);
    expect(roster.remove("b")).toEqual(["c"]);
  });

  it("goes past one that is called off while it waits in order", () => {
    const roster = new Roster(0);
    ["a", "b", "c"].map((id) => roster.add(aMember(id, { orderingKey: "k" })));
    expect(roster.remove("b")).toEqual([]);
    expect(roster.remove("a")).toEqual(["c"]);
  });

  it("lets as many instances with one concurrency key go as its limit says", () => {
    const roster = new Roster(0);
    const concurrency = { key: "k", limit: 2 };
    expect(["a", "b", "c", "d"].map((id) => roster.add(aMember(id, { concurrency })))).toEqual([
      null,
      null,
      "CONCURRENCY",
      "CONCURRENCY",
    ]);
    expect(roster.remove("b")).toEqual(["c"]);
    expect(roster.remove("a")).toEqual(["d"]);
  });

  it("lets at most its limit go, and more when the limit is raised", () => {
    const roster = new Roster(1);
    expect(["a", "b", "c", "d"].map((id) => roster.add(aMember(id)))).toEqual([
      null,
      "CONCURRENCY",
      "CONCURRENCY",
      "CONCURRENCY",
    ]);
    expect(roster.review(3, () => false)).toEqual(["b", "c"]);
    expect(roster.review(1, () => false)).toEqual([]);
    expect(roster.remove("a")).toEqual([]);
    expect(roster.review(0, () => false)).toEqual(["d"]);
  });

  it("lets an exclusive instance go only when nobody else has gone, oldest first", () => {
    const roster = new Roster(0);
    expect(["a", "b", "c"].map((id) => roster.add(aMember(id, { exclusive: true })))).toEqual([
      null,
      "BUFFERED",
      "BUFFERED",
    ]);
    expect(roster.buffered).toBe(2);
    expect(roster.remove("a")).toEqual(["b"]);
    expect([roster.buffered, roster.gated, roster.size]).toEqual([1, 1, 2]);
  });

  it("lets those who waited for each other go together when overlap is allowed from now on", () => {
    const roster = new Roster(0);
    ["a", "b", "c"].map((id) => roster.add(aMember(id, { exclusive: true })));
    expect(roster.review(0, () => false)).toEqual(["b", "c"]);
  });

  it("lets those who waited for a free place go one after the other when overlap is forbidden from now on", () => {
    const roster = new Roster(1);
    ["a", "b", "c"].map((id) => roster.add(aMember(id)));
    expect(roster.review(0, () => true)).toEqual([]);
    expect(roster.remove("a")).toEqual(["b"]);
    expect(roster.remove("b")).toEqual(["c"]);
  });

  it("lets the next in order go also when it came to its line later than the one behind it", () => {
    const roster = new Roster(0);
    const concurrency = { key: "c", limit: 1 };
    roster.add(aMember("x", { concurrency }));
    // `a` waits for x, and is first of its ordering key; `b` waits until all is idle; `d` waits for a and b.
    expect(roster.add(aMember("a", { orderingKey: "k", concurrency }))).toBe("CONCURRENCY");
    expect(roster.add(aMember("b", { orderingKey: "k", exclusive: true }))).toBe("BUFFERED");
    expect(roster.add(aMember("d", { orderingKey: "k" }))).toBe("CONCURRENCY");
    expect(roster.remove("x")).toEqual(["a"]);
    expect(roster.remove("a")).toEqual(["b"]);
    expect(roster.remove("b")).toEqual(["d"]);
  });

  it("is the same when it is rebuilt from who was admitted and who waited", () => {
    const concurrency = { key: "k", limit: 1 };
    const roster = new Roster(0);
    roster.restoreAdmitted(aMember("a", { uniqueKey: "u", concurrency }));
    expect(roster.add(aMember("b", { concurrency }))).toBe("CONCURRENCY");
    expect(roster.uniqueHolder("u")).toBe("a");
    expect(roster.ids()).toEqual(["a", "b"]);
    expect(roster.remove("a")).toEqual(["b"]);
  });
});
