import { expect, it } from "vitest";
import { watchParent } from "../../../src/cli/node/orphan-watch.ts";
import { ManualClock } from "../../support/manual-clock.ts";

function given() {
  const clock = new ManualClock();
  const parent = { pid: 40 };
  let orphaned = 0;
  const watch = watchParent(
    () => parent.pid,
    clock,
    () => (orphaned += 1),
  );
  return { clock, parent, watch, orphaned: () => orphaned };
}

it("a parent that is gone is noticed, once", async () => {
  const { clock, parent, orphaned } = given();
  await clock.advance(10_000);
  expect(orphaned()).toBe(0);
  parent.pid = 1;
  await clock.advance(250);
  await clock.advance(10_000);
  expect(orphaned()).toBe(1);
  expect(clock.pendingTimers).toBe(0);
});

it("a watch that has ended notices nothing and keeps nothing alive", async () => {
  const { clock, parent, watch, orphaned } = given();
  await clock.advance(1_000);
  watch.end();
  parent.pid = 1;
  await clock.advance(1_000);
  expect(orphaned()).toBe(0);
  expect(clock.pendingTimers).toBe(0);
});
