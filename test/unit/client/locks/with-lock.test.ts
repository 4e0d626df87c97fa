import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { LockLost, belfryErrorOf, withLock } from "../../../../src/client/index.ts";
import type { HeldLock, LockOptions } from "../../../../src/client/index.ts";
import { LockServer, refusal } from "./given.ts";

const TTL_MS = 30_000;

/** Work that goes on until the test says so. */
function working(server: LockServer, options: Partial<LockOptions> = {}) {
  const { promise: done, resolve: finish } = Promise.withResolvers<string>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<HeldLock>();
  const given = { name: "import", param: "42", holder: "h1", ttlMs: TTL_MS, time: server.clock, ...options };
  const outcome = withLock(server.client(), given, (lock) => {
    begin(lock);
    return done;
  });
  outcome.catch(() => {});
  return { begun, outcome, finish };
}

describe("R-129: withLock", () => {
  it("takes the lock, gives its name and token to the work, and lets it go at the end", async () => {
    const server = new LockServer();
    const { begun, outcome, finish } = working(server);
    expect(await begun).toMatchObject({ name: "import_42", token: 1n });
    expect(server.isHeld).toBe(true);
    finish("done");
    expect(await outcome).toBe("done");
    expect(server.asked).toEqual(["acquire import_42 h1", "release 1"]);
    expect(server.clock.pendingTimers).toBe(0);
  });

  it("renews it at a third of its TTL, for as long as the work takes", async () => {
    const server = new LockServer();
    const { begun, outcome, finish } = working(server);
    const { signal } = await begun;
    await server.clock.advance(5 * TTL_MS);
    expect(server.asked.filter((call) => call === "renew 1")).toHaveLength(15);
    expect([signal.aborted, server.isHeld]).toEqual([false, true]);
    finish("done");
    expect(await outcome).toBe("done");
  });

  it("lets it go when the work fails, and throws what the work threw", async () => {
    const server = new LockServer();
    const failing = withLock(server.client(), { name: "import", time: server.clock }, () => {
      throw new Error("no luck");
    });
    await expect(failing).rejects.toThrow("no luck");
    expect(server.isHeld).toBe(false);
  });

  it("does no work when another has it", async () => {
    const server = new LockServer();
    server.takeAway();
    const { outcome } = working(server);
    expect(belfryErrorOf(await outcome.catch((error: unknown) => error)).reason).toBe("LOCK_HELD");
    expect(server.asked).toEqual(["acquire import_42 h1"]);
  });

  it("aborts the work as soon as the server says that the lock is lost, and fails", async () => {
    const server = new LockServer();
    const { begun, outcome, finish } = working(server);
    const { signal } = await begun;
    server.takeAway();
    await server.clock.advance(TTL_MS / 3);
    expect(signal.reason).toBeInstanceOf(LockLost);
    expect(signal.reason).toMatchObject({ lockName: "import_42", token: 1n });
    finish("done all the same");
    await expect(outcome).rejects.toBe(signal.reason);
    expect(server.asked).not.toContain("release 1");
  });

  it("tries again while the server cannot be asked, and aborts the work when the hold is over by its own clock", async () => {
    const server = new LockServer();
    const { begun, outcome, finish } = working(server);
    const { signal } = await begun;
    server.failures.set("renew", new ConnectError("nobody answers", Code.Unavailable));
    await server.clock.advance(TTL_MS - 1);
    expect(signal.aborted).toBe(false);
    expect(server.asked.filter((call) => call === "renew 1").length).toBeGreaterThan(3);
    await server.clock.advance(1);
    expect(signal.reason).toBeInstanceOf(LockLost);
    finish("");
    await expect(outcome).rejects.toBeInstanceOf(LockLost);
    expect(server.clock.pendingTimers).toBe(0);
  });

  it("goes on when the server comes back in time", async () => {
    const server = new LockServer();
    const { begun, outcome, finish } = working(server);
    const { signal } = await begun;
    server.failures.set("renew", new ConnectError("nobody answers", Code.Unavailable));
    await server.clock.advance(TTL_MS - 5000);
    server.failures.clear();
    await server.clock.advance(3 * TTL_MS);
    expect([signal.aborted, server.isHeld]).toEqual([false, true]);
    finish("done");
    expect(await outcome).toBe("done");
  });

  it("that has waited asks anew since when it holds the lock, before it works", async () => {
    const server = new LockServer();
    server.waitsMs = 40_000;
    const { begun, outcome, finish } = working(server, { waitMs: 60_000 });
    await server.clock.advance(40_000);
    const { signal } = await begun;
    expect(server.asked).toEqual(["acquire import_42 h1", "renew 1"]);
    await server.clock.advance(1);
    expect(signal.aborted).toBe(false);
    finish("done");
    expect(await outcome).toBe("done");
  });

  it("that has waited for longer than its TTL has it for as long as the renewal is on its way", async () => {
    const server = new LockServer();
    server.waitsMs = 40_000;
    server.renewsMs = 5;
    const { begun, outcome, finish } = working(server, { waitMs: 60_000 });
    await server.clock.advance(40_005);
    const { signal } = await Promise.race([begun, outcome.then(() => Promise.reject(new Error("no work was done")))]);
    // From when the renewal was asked, and no longer.
    server.failures.set("renew", new ConnectError("nobody answers", Code.Unavailable));
    await server.clock.advance(TTL_MS - 6);
    expect(signal.aborted).toBe(false);
    await server.clock.advance(1);
    expect(signal.reason).toBeInstanceOf(LockLost);
    finish("");
    await expect(outcome).rejects.toBe(signal.reason);
  });

  it("says when the lock turns out to be lost at the release", async () => {
    const server = new LockServer();
    const { begun, outcome, finish } = working(server);
    await begun;
    server.takeAway();
    finish("done");
    await expect(outcome).rejects.toBeInstanceOf(LockLost);
  });

  it("keeps the result when the release does not come through: the lock ends by itself", async () => {
    const server = new LockServer();
    const { begun, outcome, finish } = working(server);
    await begun;
    server.failures.set("release", refusal(Code.Unavailable, "SHARD_UNAVAILABLE"));
    finish("done");
    expect(await outcome).toBe("done");
  });

  it("aborts the work with the caller's own signal", async () => {
    const server = new LockServer();
    const caller = new AbortController();
    const { begun, outcome, finish } = working(server, { signal: caller.signal });
    const { signal } = await begun;
    caller.abort(new Error("stop"));
    expect(signal.reason).toEqual(new Error("stop"));
    finish("stopped");
    expect(await outcome).toBe("stopped");
    expect(server.isHeld).toBe(false);
  });
});
