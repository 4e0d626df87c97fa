import { expect, test } from "vitest";
import type { HandlerContext } from "../../../src/client/index.ts";
import type { FakeSession } from "./fake-server.ts";
import { gate, startBench } from "./worker-under-test.ts";

async function nextTokens(session: FakeSession): Promise<string[]> {
  return (await session.requests.next()).heartbeats.map(({ attemptToken }) => attemptToken);
}

test("running attempts give signs of life together, and stop when they end", async () => {
  const open = gate();
  const bench = await startBench({
    concurrency: 3,
    handler: async ({ instanceId }) => {
      if (instanceId !== "c") await open.promise;
    },
  });
  const session = await bench.service.session();
  session.welcome(9_000);
  session.assign("a");
  await bench.event("started");
  // Begun later, and yet soon in step: more than half of its time has passed when the first is due.
  await bench.clock.advance(4_000);
  session.assign("b");
  await bench.event("started");
  await bench.clock.advance(5_000);
  expect(await nextTokens(session)).toEqual(["token-a", "token-b"]);
  await bench.clock.advance(9_000);
  expect(await nextTokens(session)).toEqual(["token-a", "token-b"]);

  open.resolve();
  expect((await session.results()).completions).toHaveLength(2);
  await bench.clock.advance(60_000);
  session.assign("c");
  const last = await session.requests.next();
  expect(last.completions).toMatchObject([{ attemptToken: "token-c" }]);
  expect(last.heartbeats).toEqual([]);
  expect(bench.service.calls).toBe(1);
});

test("an instance with a shorter heartbeat timeout beats three times as often as that", async () => {
  const bench = await startBench({
    concurrency: 2,
    handler: async ({ instanceId }) => {
      if (instanceId !== "fence") await new Promise<never>(() => {});
    },
  });
  const session = await bench.service.session();
  session.welcome(20_000);
  session.send({
    assignments: [
      {
        instance: { id: "a", timeouts: { heartbeat: { seconds: 6n } } },
        attempt: { number: 1, token: "token-a" },
      },
    ],
  });
  await bench.event("started");
  await bench.clock.advance(1_999);
  session.assign("fence");
  expect(await session.requests.next()).toMatchObject({
    completions: [{ attemptToken: "token-fence" }],
    heartbeats: [],
  });
  await bench.clock.advance(1);
  expect(await nextTokens(session)).toEqual(["token-a"]);
});

test("attempts go on giving signs of life over a new stream, and none while there is no stream", async () => {
  const bench = await startBench({ handler: () => new Promise<never>(() => {}), reconnect: { initialMs: 20_000 } });
  const before = await bench.service.session();
  before.welcome(3_000);
  before.assign("a");
  await bench.event("started");
  bench.server.cut();
  await bench.event("disconnected");
  expect(bench.clock.pendingTimers).toBe(1);
  await bench.clock.advance(10_000);
  const after = await bench.service.session();
  expect(after.first.heartbeats.map(({ attemptToken }) => attemptToken)).toEqual(["token-a"]);
  after.welcome(4_000);
  await bench.event("connected");
  await bench.clock.advance(4_000);
  expect(await nextTokens(after)).toEqual(["token-a"]);
});

test("what waits for a free slot is kept alive too", async () => {
  const bench = await startBench({ concurrency: 1, handler: () => new Promise<never>(() => {}) });
  const session = await bench.service.session();
  session.welcome(3_000);
  session.assign("a", "b");
  await bench.event("started");
  await bench.clock.advance(3_000);
  expect(await nextTokens(session)).toEqual(["token-a", "token-b"]);
});

test("an aborted stale attempt gives no more signs", async () => {
  const bench = await startBench({ concurrency: 2, handler: () => new Promise<never>(() => {}) });
  const session = await bench.service.session();
  session.welcome(3_000);
  session.assign("a", "b");
  session.send({ signals: [{ attemptToken: "token-a", stale: true }] });
  await bench.event("aborted");
  await bench.clock.advance(3_000);
  expect(await nextTokens(session)).toEqual(["token-b"]);
});

test("progress is sent at once, then at most every so often, the last value winning", async () => {
  const bench = await startBench({
    handler: async ({ instanceId, progress, metadata }: HandlerContext<unknown>) => {
      if (instanceId === "fence") return;
      progress(1, "one");
      progress(2, "two");
      progress(140, "three", "nearly");
      metadata({ rows: 1 });
      metadata({ rows: 2, file: "x" });
      await open.promise;
    },
  });
  const open = gate();
  const session = await bench.service.session();
  session.welcome();
  session.assign("a");
  expect((await session.requests.next()).heartbeats).toMatchObject([{ progress: { percent: 1, step: "one" } }]);
  await bench.clock.advance(199);
  session.assign("fence");
  expect(await session.requests.next()).toMatchObject({
    completions: [{ attemptToken: "token-fence" }],
    heartbeats: [],
  });
  await bench.clock.advance(1);
  expect((await session.requests.next()).heartbeats).toMatchObject([
    { progress: { percent: 100, step: "three", message: "nearly" }, metadata: { rows: 2, file: "x" } },
  ]);
});

test("the last progress goes with the result, in the same message", async () => {
  const bench = await startBench({
    handler: ({ progress, metadata }: HandlerContext<unknown>) => {
      progress(10);
      progress(100, "done");
      metadata({ rows: 7 });
      return { ok: true };
    },
  });
  const session = await bench.service.session();
  session.welcome();
  session.assign("a");
  const request = await session.requests.next();
  expect(request.completions).toMatchObject([{ attemptToken: "token-a", result: { ok: true } }]);
  expect(request.heartbeats).toMatchObject([{ progress: { percent: 100, step: "done" }, metadata: { rows: 7 } }]);
  expect(request.heartbeats).toHaveLength(1);
});

test("progress that is no number is refused, and so is metadata that JSON cannot hold", async () => {
  const thrown: unknown[] = [];
  const bench = await startBench({
    handler: ({ progress, metadata }: HandlerContext<unknown>) => {
      for (const wrong of [() => progress(Number.NaN), () => metadata({ huge: 1n }), () => metadata([])]) {
        try {
          wrong();
        } catch (error) {
          thrown.push(error);
        }
      }
    },
  });
  const session = await bench.service.session();
  session.welcome();
  session.assign("a");
  expect((await session.results()).heartbeats).toEqual([]);
  expect(thrown).toEqual([expect.any(RangeError), expect.any(TypeError), expect.any(TypeError)]);
});

test("a handler's log lines name the instance and the attempt", async () => {
  const bench = await startBench({
    handler: ({ log }: HandlerContext<unknown>) => {
      log.info("Halfway", { rows: 3 });
    },
  });
  const session = await bench.service.session();
  session.welcome();
  session.assign("a");
  await session.results();
  expect(bench.log.lines).toContainEqual({
    level: "info",
    message: "Halfway",
    fields: { rows: 3, instanceId: "a", attempt: 1 },
  });
});
