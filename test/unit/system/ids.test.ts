import { describe, expect, it } from "vitest";

import { createIds, formatUuid, Stamps } from "../../../src/system/ids.ts";
import { ManualClock, sequentialIds } from "../../support/manual-clock.ts";

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function timeOf(uuid: string): number {
  return Number.parseInt(uuid.replaceAll("-", "").slice(0, 12), 16);
}

function expectStrictlyIncreasing(uuids: readonly string[]): void {
  const outOfOrder = uuids.findIndex((uuid, index) => index > 0 && uuid <= (uuids[index - 1] ?? ""));
  expect(outOfOrder).toBe(-1);
}

describe("ids", () => {
  it("are UUIDv7s that carry the wall time", () => {
    const clock = new ManualClock();
    const uuid = createIds(clock).uuid();
    expect(uuid).toMatch(UUID_V7);
    expect(timeOf(uuid)).toBe(clock.now());
  });

  it("carry the routing hash in their last four digits, leading zeros included", () => {
    const ids = createIds(new ManualClock());
    expect(ids.uuid(0xbeef).slice(-4)).toBe("beef");
    expect(ids.uuid(0x000a).slice(-4)).toBe("000a");
    expect(ids.uuid(0).slice(-4)).toBe("0000");
    expect(ids.uuid(0xffff)).toMatch(UUID_V7);
  });

  it("refuse a routing hash that does not fit into four digits", () => {
    const ids = createIds(new ManualClock());
    for (const hash of [-1, 65_536, 1.5, Number.NaN]) expect(() => ids.uuid(hash)).toThrow(RangeError);
  });

  it("increase within one millisecond, whatever the routing hash", () => {
    const ids = createIds(new ManualClock());
    const uuids = Array.from({ length: 5_000 }, (_, index) => ids.uuid(65_535 - index));
    expectStrictlyIncreasing(uuids);
  });

  it("increase while the wall clock steps back and forth", () => {
    const clock = new ManualClock();
    const ids = createIds(clock);
    const uuids = [0, 5, -60_000, -3_600_000, 1, 6, 6].map((step) => {
      clock.setWall(1_700_000_000_000 + step);
      return ids.uuid();
    });
    expectStrictlyIncreasing(uuids);
    expect(uuids.every((uuid) => UUID_V7.test(uuid))).toBe(true);
  });

  it("run ahead of the clock by a millisecond when the counter of one is used up", () => {
    const clock = new ManualClock();
    const stamps = new Stamps(clock, () => 2 ** 26 - 2);
    const now = clock.now();
    expect([stamps.next(), stamps.next(), stamps.next()]).toEqual([
      { at: now, counter: 2 ** 26 - 2 },
      { at: now, counter: 2 ** 26 - 1 },
      { at: now + 1, counter: 2 ** 26 - 2 },
    ]);
  });

  it("sort as their time and counter do, at every border of the layout", () => {
    const counters = [0, 1, 2 ** 14 - 1, 2 ** 14, 2 ** 26 - 1];
    const uuids = [0, 1, 2 ** 16, 2 ** 48 - 1].flatMap((at) =>
      counters.map((counter, index) => formatUuid(at, counter, 2 ** 32 - 1 - index, 0)),
    );
    expectStrictlyIncreasing(uuids);
    for (const uuid of uuids) expect(uuid).toMatch(UUID_V7);
  });

  it("do not repeat between two makers that share a millisecond", () => {
    const clock = new ManualClock();
    const [one, other] = [createIds(clock), createIds(clock)];
    const uuids = Array.from({ length: 2_000 }, (_, index) => (index % 2 === 0 ? one : other).uuid(7));
    expect(new Set(uuids).size).toBe(uuids.length);
  });

  it("come with tokens of the asked size in base64url", () => {
    const ids = createIds(new ManualClock());
    expect(ids.token()).toMatch(/^[\w-]{43}$/);
    expect(ids.token(16)).toMatch(/^[\w-]{22}$/);
    expect(ids.token()).not.toBe(ids.token());
  });
});

describe("the sequential ids of tests", () => {
  it("count up, are valid UUIDv7s and carry the routing hash", () => {
    const ids = sequentialIds();
    expect(ids.uuid(0x0102)).toBe("019b76da-a800-7000-8000-000000010102");
    expect(ids.uuid(0xffff)).toBe("019b76da-a800-7000-8000-00000002ffff");
    const more = Array.from({ length: 1_000 }, () => ids.uuid());
    expectStrictlyIncreasing(more);
    expect(more.every((uuid) => UUID_V7.test(uuid))).toBe(true);
    expect(new Set(more.map((uuid) => uuid.slice(-4))).size).toBeGreaterThan(900);
  });

  it("are the same in every run", () => {
    const [one, other] = [sequentialIds(), sequentialIds()];
    expect([one.uuid(), one.uuid(9), one.token()]).toEqual([other.uuid(), other.uuid(9), other.token()]);
    expect(one.token()).toMatch(/^[\w-]{43}$/);
    expect(one.token()).not.toBe(one.token());
  });
});
