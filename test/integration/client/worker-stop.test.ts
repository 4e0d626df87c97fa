import { expect, test } from "vitest";
import { abortKindOf, createWorker } from "../../../src/client/index.ts";
import type { HandlerContext } from "../../../src/client/index.ts";
import { settled } from "../../support/manual-clock.ts";
import { gate, startBench } from "./worker-under-test.ts";

test("a graceful stop takes no more instances, waits for the running ones and their receipts, and leaves nothing", async () => {
  const open = gate();
  const bench = await startBench({
    concurrency: 4,
    handler: async () => {
      await open.promise;
      return { ok: true };
    },
  });
  const session = await bench.service.session();
  session.welcome();
  session.assign("a");
  await bench.event("started");

  const stopping = bench.worker.stop();
  expect(await session.requests.next()).toMatchObject({ slots: 0 });
  open.resolve();
  expect((await session.results()).completions).toMatchObject([{ attemptToken: "token-a", result: { ok: true } }]);
  expect(bench.clock.pendingTimers).toBeGreaterThan(0);
  session.accept("token-a");
  await session.ended;
  await stopping;
  await bench.worker.done;
  expect(bench.clock.pendingTimers).toBe(0);
  expect(bench.service.calls).toBe(1);
});

test("an idle worker stops at once", async () => {
  const bench = await startBench({ handler: () => {} });
  const session = await bench.service.session();
  session.welcome();
  await bench.event("connected");
  await bench.worker.stop();
  await session.ended;
  expect(bench.clock.pendingTimers).toBe(0);
});

test("when the grace is over, running handlers are aborted and what they throw is tried again elsewhere at once", async () => {
  const kinds: unknown[] = [];
  const bench = await startBench({
    handler: ({ signal }: HandlerContext<unknown>) =>
      new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => {
          kinds.push(abortKindOf(signal));
          reject(signal.reason);
        });
      }),
  });
  const session = await bench.service.session();
  session.welcome();
  session.assign("a");
  await bench.event("started");
  const stopping = bench.worker.stop({ graceMs: 5_000 });
  await bench.clock.advance(4_999);
  expect(kinds).toEqual([]);
  await bench.clock.advance(1);
  expect(kinds).toEqual(["STOPPING"]);
  expect((await session.results()).failures).toMatchObject([
    {
      attemptToken: "token-a",
      error: { code: "WORKER_STOPPED" },
      retryable: true,
      retryDelay: { seconds: 0n, nanos: 0 },
    },
  ]);
  session.accept("token-a");
  await stopping;
});

test("an attempt that finishes on its abort has completed", async () => {
  const bench = await startBench({
    handler: ({ signal }: HandlerContext<unknown>) =>
      new Promise<{ half: boolean }>((resolve) => {
        signal.addEventListener("abort", () => {
          resolve({ half: true });
        });
      }),
  });
  const session = await bench.service.session();
  session.welcome();
  session.assign("a");
  await bench.event("started");
  const stopping = bench.worker.stop({ graceMs: 0 });
  await bench.clock.advance(0);
  expect((await session.results()).completions).toMatchObject([{ result: { half: true } }]);
  session.accept("token-a");
  await stopping;
});

test("a handler that does not heed its signal is given up, and what it returns later is not reported", async () => {
  const open = gate();
  const bench = await startBench({ handler: () => open.promise });
  const session = await bench.service.session();
  session.welcome();
  session.assign("a");
  await bench.event("started");
  const stopping = bench.worker.stop({ graceMs: 100 });
  await bench.clock.advance(100);
  await bench.clock.advance(999);
  expect(bench.worker.running).toBe(1);
  await bench.clock.advance(1);
  expect((await session.results()).failures).toMatchObject([{ error: { code: "WORKER_STOPPED" }, retryable: true }]);
  open.resolve();
  await settled();
  session.accept("token-a");
  await stopping;
  expect(session.requests.size).toBe(0);
});

test("a second stop may shorten the grace of the first", async () => {
  const bench = await startBench({ handler: () => new Promise<never>(() => {}) });
  const session = await bench.service.session();
  session.welcome();
  session.assign("a");
  await bench.event("started");
  const stops = [bench.worker.stop({ graceMs: Infinity }), bench.worker.stop({ graceMs: 10 })];
  await bench.clock.advance(1_010);
  expect((await session.results()).failures).toMatchObject([{ error: { code: "WORKER_STOPPED" } }]);
  session.accept("token-a");
  await Promise.all(stops);
});

test("a stop ends after a while although the server answers no result", async () => {
  const bench = await startBench({ handler: () => {} });
  const session = await bench.service.session();
  session.welcome();
  session.assign("a");
  await session.results();
  const stopping = bench.worker.stop();
  await bench.clock.advance(4_999);
  expect(bench.clock.pendingTimers).toBeGreaterThan(0);
  await bench.clock.advance(1);
  await stopping;
  expect(bench.log.lines).toContainEqual(
    expect.objectContaining({ level: "error", fields: { queue: "agents", unanswered: 1 } }),
  );
  expect(bench.clock.pendingTimers).toBe(0);
});

test("a stop while no server answers ends the wait for the next try", async () => {
  const bench = await startBench({ handler: () => {} });
  const session = await bench.service.session();
  session.welcome();
  await bench.event("connected");
  bench.server.cut();
  await bench.event("disconnected");
  await bench.worker.stop();
  expect(bench.clock.pendingTimers).toBe(0);
});

test("a result of a stopping worker reaches a server over a new stream, which takes no more instances", async () => {
  const open = gate();
  const bench = await startBench({ handler: () => open.promise });
  const before = await bench.service.session();
  before.welcome();
  before.assign("a");
  await bench.event("started");
  const stopping = bench.worker.stop();
  bench.server.cut();
  const { retryInMs } = await bench.event("disconnected");
  await bench.clock.advance(retryInMs ?? 0);
  const after = await bench.service.session();
  expect(after.hello.running).toEqual(["token-a"]);
  expect(after.first.slots).toBe(0);
  after.welcome();
  open.resolve();
  await after.results();
  after.accept("token-a");
  await stopping;
});

test("a stop does not wait out a long pause with a result that nobody has", async () => {
  const bench = await startBench({ handler: () => open.promise, reconnect: { initialMs: 60_000, maxMs: 60_000 } });
  const open = gate();
  const before = await bench.service.session();
  before.welcome();
  before.assign("a");
  await bench.event("started");
  bench.server.cut();
  await bench.event("disconnected");
  open.resolve();
  await bench.event("finished");
  const stopping = bench.worker.stop();
  const after = await bench.service.session();
  expect(after.first).toMatchObject({ slots: 0, completions: [{ attemptToken: "token-a" }] });
  after.welcome();
  after.accept("token-a");
  await stopping;
});

test("a stop ends when the server calls what is left stale", async () => {
  const bench = await startBench({ handler: () => {} });
  const session = await bench.service.session();
  session.welcome();
  session.assign("a");
  await session.results();
  const stopping = bench.worker.stop();
  session.send({ signals: [{ attemptToken: "token-a", stale: true }] });
  await stopping;
  expect(bench.clock.pendingTimers).toBe(0);
});

test("an instance given out just before the server saw the stop is still run and reported", async () => {
  const open = gate();
  const bench = await startBench({ handler: () => open.promise });
  const session = await bench.service.session();
  session.welcome();
  await bench.event("connected");
  // Both cross: the worker says that it is through while the server gives something out.
  const stopping = bench.worker.stop();
  session.assign("late");
  expect(await bench.event("started")).toMatchObject({ instanceId: "late" });
  await session.ended;
  const { retryInMs } = await bench.event("disconnected");
  await bench.clock.advance(retryInMs ?? 0);
  const after = await bench.service.session();
  expect(after.hello.running).toEqual(["token-late"]);
  expect(after.first.slots).toBe(0);
  after.welcome();
  open.resolve();
  expect((await after.results()).completions).toMatchObject([{ attemptToken: "token-late" }]);
  after.accept("token-late");
  await stopping;
});

test("a worker that was never started stops at once, and none starts twice", async () => {
  const worker = createWorker({ url: "http://127.0.0.1:1", queue: "q", handler: () => {} });
  await worker.stop();
  await worker.done;
  expect(() => worker.start()).toThrow("can be started once");
});

test("wrong options are refused when the worker is made", () => {
  const options = { url: "http://127.0.0.1:1", queue: "q", handler: () => {} };
  expect(() => createWorker({ ...options, concurrency: 0 })).toThrow(RangeError);
  expect(() => createWorker({ ...options, concurrency: 1.5 })).toThrow(RangeError);
  expect(() => createWorker({ ...options, queue: "" })).toThrow(TypeError);
  expect(() => createWorker({ ...options, url: "ftp://example.org" })).toThrow(TypeError);
});
