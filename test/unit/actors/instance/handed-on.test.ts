import { describe, expect, it } from "vitest";
import { Life, T0, timeouts } from "./given.ts";

const given = { timeouts: timeouts({ startToCloseMs: 30_000 }) };

describe("an attempt that was handed on", () => {
  it("frees its slot, gives no more signs of life, and has the time of its receiver", () => {
    const life = new Life(given).start(0, "t", 10_000).handOn(2, 100);
    expect(life.effects).toEqual(["handedOn", "delivered"]);
    expect(life.deadline()).toEqual({ kind: "START_TO_CLOSE", s: 102 });
  });

  it("is ended by its receiver, with the same token, and keeps what was sent and answered", () => {
    const life = new Life(given).start().handOn(2, 100).complete(50);
    expect(life.state).toBe("COMPLETED");
    expect(life.last.effects).toContainEqual({
      kind: "record",
      attempt: expect.objectContaining({ outcome: "SUCCEEDED", exchange: { response: { status: 202 } } }),
    });
  });

  it("is out of time when nothing was reported, and tried again as the policy says", () => {
    const life = new Life(given).start().handOn(2, 100).wake(101);
    expect([life.state, life.last.accepted]).toEqual(["RUNNING", false]);
    life.wake(102);
    expect([life.state, life.record.life.error?.code]).toEqual(["BACKING_OFF", "CALLBACK_TIMEOUT"]);
    expect(life.deadline()).toEqual({ kind: "BACKOFF", s: 132 });
  });

  it("lets a pause stand still the receiver's time too, also when it was paused while it was handed on", () => {
    expect(new Life(given).start().handOn(2, 100).pause(10).resume(60).deadline()).toEqual({
      kind: "START_TO_CLOSE",
      s: 152,
    });
    expect(new Life(given).start().pause(1).handOn(2, 100).resume(61).deadline()).toEqual({
      kind: "START_TO_CLOSE",
      s: 161,
    });
  });

  it("is cancelled at once: nobody here could be asked to stop", () => {
    const life = new Life(given).start().handOn(2, 100).cancel(3);
    expect(life.state).toBe("CANCELLED");
    expect(life.effects).toEqual(["record", "signal", "cancelled", "ended"]);
  });

  it("is cancelled when it is handed on after the cancel was asked for", () => {
    expect(new Life(given).start().cancel(1).handOn(2, 100).state).toBe("CANCELLED");
  });

  it("begins anew as any other when it is tried again", () => {
    const life = new Life(given).start().handOn(2, 100).complete(3).retry(4).start(5);
    expect(life.record.life.attempt?.handedOn).toBeUndefined();
    expect(life.deadline()).toEqual({ kind: "START_TO_CLOSE", s: 35 });
  });
});

describe("what a delivery told", () => {
  it("stays with its attempt, whether it succeeded or failed", () => {
    const exchange = { response: { status: 500 } };
    const life = new Life().start();
    life.when({
      type: "FAIL",
      at: T0,
      token: life.token,
      error: { code: "HTTP_500", message: "", traceback: "" },
      retryable: true,
      chance: 0,
      exchange,
    });
    expect(life.last.effects).toContainEqual({ kind: "record", attempt: expect.objectContaining({ exchange }) });
    life.wake(30).start(31);
    life.when({ type: "COMPLETE", at: T0 + 32_000, token: life.token, result: null, exchange });
    expect(life.last.effects).toContainEqual({ kind: "record", attempt: expect.objectContaining({ exchange }) });
  });
});

describe("an instance that is terminated with an error", () => {
  it("ends CANCELLED and shows the error", () => {
    const error = { code: "SUPERSEDED", message: "superseded by i2", traceback: "" };
    const life = new Life().when({ type: "TERMINATE", at: T0, reason: "superseded by i2", error });
    expect([life.state, life.record.life.error, life.record.life.stateReason]).toEqual([
      "CANCELLED",
      error,
      "superseded by i2",
    ]);
  });
});
