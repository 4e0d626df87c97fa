import { describe, expect, it } from "vitest";
import { stopStep, stopSteps } from "../../../src/cli/node/stopping.ts";
import { recordingLog, silentLog } from "../../support/log.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const never = (): Promise<void> => new Promise(() => {});

describe("ending a node", () => {
  it("takes its parts one after the other, and leaves no timer behind", async () => {
    const clock = new ManualClock();
    const done: string[] = [];
    const step = (name: string) =>
      stopStep(name, 1_000, async () => {
        await clock.sleep(100);
        done.push(name);
      });
    const ended = stopSteps([step("runtime"), step("server"), step("store")], clock, silentLog);
    await clock.advance(150);
    expect(done).toEqual(["runtime"]);
    await clock.advance(150);
    expect(await ended).toEqual([]);
    expect(done).toEqual(["runtime", "server", "store"]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("goes on past a part that hangs, and says which one it was", async () => {
    const clock = new ManualClock();
    const log = recordingLog();
    let stored = false;
    const steps = [
      stopStep("the API", 5_000, never),
      stopStep("the database", 1_000, async () => void (stored = true)),
    ];
    const ended = stopSteps(steps, clock, log);
    await clock.advance(5_000);
    expect(await ended).toEqual(["the API did not end within 5 s"]);
    expect(stored).toBe(true);
    expect(log.lines).toMatchObject([{ level: "error", fields: { what: "the API" } }]);
  });

  it("goes on past a part that fails", async () => {
    const failing = stopStep("the API", 5_000, () => Promise.reject(new Error("it is broken")));
    expect(await stopSteps([failing], new ManualClock(), silentLog)).toEqual([
      "the API did not end well: it is broken",
    ]);
  });

  it("takes 30 s at most, whatever hangs", async () => {
    const clock = new ManualClock();
    const steps = Array.from({ length: 5 }, (_, index) => stopStep(`part ${index}`, 20_000, never));
    const ended = stopSteps(steps, clock, silentLog);
    await clock.advance(30_000);
    const troubles = await ended;
    expect(troubles).toHaveLength(5);
    expect(troubles.at(-1)).toBe("part 4 did not end within 1 s");
  });
});
