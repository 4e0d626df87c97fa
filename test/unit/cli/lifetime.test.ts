import { describe, expect, it } from "vitest";
import { Lifetime } from "../../../src/cli/node/lifetime.ts";
import { ManualClock } from "../../support/manual-clock.ts";

function given() {
  const clock = new ManualClock();
  let ends = 0;
  const lifetime = new Lifetime(clock, () => (ends += 1));
  return { clock, lifetime, endsAtOnce: () => ends };
}

describe("a signal to stop", () => {
  it("stops, and does not end at once", async () => {
    const { lifetime, endsAtOnce } = given();
    expect(lifetime.isStopping).toBe(false);
    lifetime.signal();
    await lifetime.stopped;
    expect(lifetime.isStopping).toBe(true);
    expect(endsAtOnce()).toBe(0);
  });

  it("that a terminal and npm both send is one", async () => {
    const { clock, lifetime, endsAtOnce } = given();
    lifetime.signal();
    await clock.advance(400);
    lifetime.signal();
    expect(endsAtOnce()).toBe(0);
  });

  it("that comes a second time ends at once", async () => {
    const { clock, lifetime, endsAtOnce } = given();
    lifetime.signal();
    await clock.advance(501);
    lifetime.signal();
    expect(endsAtOnce()).toBe(1);
  });
});
